import { appendFileSync, readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { seededRandom } from '../../helpers/random.ts'
import { sqliteTest } from '../helpers/needs.ts'
import { RotatingLogs, type Stream, streamOf } from '../helpers/rotating-logs.ts'
import { LEDGER_GAP, type Workspace, workspace } from '../helpers/workspace.ts'

const TIMEOUT_MS = 60_000
const ROUNDS = 12
const RECORDS = 40

const rowsOf = (space: Workspace) => space.query('SELECT * FROM request_details ORDER BY request_id')

/** The rows of logs that nobody rotated, read once. */
async function expectedRows({ own, predecessor }: Stream): Promise<unknown[]> {
  const space = workspace()
  space.write('requests-1.jsonl', own.join(''))
  space.write('v1_chat.log', predecessor.join(''))
  await space.ingest()
  return rowsOf(space)
}

async function expectNothingMissing(space: Workspace, expected: unknown[]): Promise<void> {
  expect(await space.ingest()).toMatchObject({ bytesPending: 0, unreadable: [] })
  expect(await rowsOf(space)).toEqual(expected)
  for (const { gap } of await space.queryControl<{ gap: number }>(LEDGER_GAP)) expect(gap).toBe(0)
  expect(await space.queryControl('SELECT * FROM ingest_errors')).toEqual([])
  expect(await space.run(['audit', '--deep', '--from', 'logs'])).toMatchObject({ exitCode: 0, stderr: '' })
}

sqliteTest(
  'logs that are renamed, copied, truncated, compressed and removed while they are read come in once',
  async () => {
    const stream = streamOf(RECORDS)
    const expected = await expectedRows(stream)
    expect(expected).toHaveLength(2 * RECORDS)
    let compressed = 0
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const [random, space] = [seededRandom(seed), workspace()]
      const logs = new RotatingLogs(space.logs, stream, random)
      while (logs.step()) if (random.below(8) === 0) expect(await space.ingest()).toMatchObject({ rowsDuplicate: 0 })
      await expectNothingMissing(space, expected)
      compressed += readdirSync(space.logs).filter((name) => name.endsWith('.gz')).length
    }
    expect(compressed).toBeGreaterThan(ROUNDS)
  },
  TIMEOUT_MS,
)

sqliteTest(
  'wherever a log is cut that is still written, the next run goes on there',
  async () => {
    const { own, predecessor } = streamOf(3)
    const expected = await expectedRows({ own, predecessor })
    const [first, second] = [Buffer.from(own.join('')), Buffer.from(predecessor.join(''))]
    for (let cut = 0; cut < Math.max(first.length, second.length); cut += 37) {
      const space = workspace()
      const [own1, old1] = [
        space.write('requests-1.jsonl', first.subarray(0, cut)),
        space.write('v1_chat.log', second.subarray(0, cut)),
      ]
      await space.ingest()
      appendFileSync(own1, first.subarray(cut))
      appendFileSync(old1, second.subarray(cut))
      await expectNothingMissing(space, expected)
    }
  },
  TIMEOUT_MS,
)
