import { appendFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import type { DayRange } from '../../../../logdb/days.ts'
import { type Random, seededRandom } from '../../random.ts'
import { chat, predecessorBlock, predecessorEvent, record, timestampAt } from '../logs.ts'
import { LEDGER_GAP, type Workspace, workspace } from '../workspace.ts'

const RUNS = 6
const DAYS = ['2025-09-08', '2025-09-09', '2025-09-10', '2025-09-11', '2025-09-12'] as const

interface Written {
  day: string
  /** The user's text. */
  name: string
}

/** Appends some records of random days to the logs. */
function writeMore({ logs, write }: Workspace, run: number, random: Random): Written[] {
  const written: Written[] = []
  const next = (): { event: object; old: object } => {
    const name = `run ${run} record ${written.length}`
    const day = random.pick(DAYS)
    written.push({ day, name })
    const fields = { timestamp: timestampAt(random.below(80_000), `${day}T00:00:00Z`), request: chat(name) }
    return { event: record({ ...fields, x_request_id: name }), old: predecessorEvent(fields) }
  }
  const some = (make: () => string) => Array.from({ length: random.below(8) }, make).join('')
  const line = () => `${JSON.stringify(next().event)}\n`
  appendFileSync(`${logs}/requests-1.jsonl`, some(line))
  appendFileSync(
    `${logs}/v1.log`,
    some(() => predecessorBlock(next().old)),
  )
  write(`requests-${run}.jsonl.gz`, gzipSync(some(line)))
  return written
}

async function storedNames({ query }: Workspace): Promise<string[]> {
  const rows = await query<{ name: string }>(
    "SELECT json_extract(request_json, '$.messages[0].content') AS name FROM request_details",
  )
  return rows.map(({ name }) => name).sort()
}

/** Reads growing logs with random dates, this many times: each run takes the records of its dates and no others. */
export async function expectDatesKept(rounds: number): Promise<void> {
  for (let seed = 1; seed <= rounds; seed++) {
    const [random, space] = [seededRandom(seed), workspace()]
    const written: Written[] = []
    const expected = new Set<string>()
    for (let run = 0; run <= RUNS; run++) {
      written.push(...writeMore(space, run, random))
      const [since, to] = [random.pick(DAYS), random.pick(DAYS)].sort()
      const range: DayRange = run === RUNS ? {} : random.pick<DayRange>([{ since, to }, { since }, { to }])
      const taken = written.filter(({ day }) => day >= (range.since ?? '') && day <= (range.to ?? '9'))
      const fresh = taken.filter(({ name }) => !expected.has(name))
      for (const { name } of taken) expected.add(name)
      expect(await space.ingest(range)).toMatchObject({ rowsInserted: fresh.length, rowsDuplicate: 0 })
      expect(await storedNames(space)).toEqual([...expected].sort())
      for (const { gap } of await space.queryControl<{ gap: number }>(LEDGER_GAP)) expect(gap).toBe(0)
    }
    expect(expected.size).toBe(written.length)
    expect(await space.queryControl('SELECT * FROM source_gaps')).toEqual([])
    expect(await space.run(['audit', '--deep', '--from', 'logs'])).toMatchObject({ exitCode: 0, stderr: '' })
  }
}
