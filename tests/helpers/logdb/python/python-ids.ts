import { expect } from 'vitest'
import { workspace } from '../workspace.ts'
import { pythonIds, randomRecords } from './python-json.ts'

/** Ingests `count` random records, in a line each, and compares the ids of their rows with those that Python computes. */
export async function expectIdsLikePython(seed: number, count: number): Promise<void> {
  const space = workspace()
  const records = randomRecords(seed, count)
  const [ours, old] = [true, false].map((isOurs) => records.filter((text) => text.startsWith('{"v":1,') === isOurs))
  space.write('requests-1.jsonl', (ours ?? []).map((text) => `${text.replaceAll(/[\n\r]/g, ' ')}\n`).join(''))
  space.write(
    'v1.log',
    (old ?? []).map((text) => `2025-09-10 14:00:00 - INFO - ${text.replaceAll(/[\n\r]/g, ' ')}\n`).join(''),
  )
  expect(await space.ingest()).toMatchObject({ rowsInserted: count, recordsQuarantined: 0 })
  const rows = await space.query<{ id: string }>('SELECT request_id AS id FROM z_req')
  expect(rows.map(({ id }) => id).sort()).toEqual(pythonIds(records).sort())
}
