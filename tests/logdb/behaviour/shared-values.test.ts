import { expect } from 'vitest'
import { completion, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { makeOlder } from '../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const ALL = 'SELECT * FROM request_details ORDER BY request_id'
const DAY = '2025-09-10'

/** What columns are not stored as they are shown, in forms that the gateway does not write too. */
const ODD: Parameters<typeof record>[0][] = [
  { timestamp: `${DAY}T12:00:00.000000Z` },
  { timestamp: `${DAY}T12:00:00.25Z`, latency_ms: 0 },
  { timestamp: `${DAY}T14:00:00.123456+02:00`, latency_ms: 1 / 3, ttfb_ms: 1e300 },
  { timestamp: `${DAY} 12:00:01`, latency_ms: 12.345, ttfb_ms: 0.001, overhead_ms: -0.5 },
  { timestamp: `${DAY}T12:00:02.999999Z`, latency_ms: 123_456_789.123, ttfb_ms: 0.0001 },
  { response: { id: 'a%s"b\\%%', choices: [], usage: { n: 10 }, model: '100 %' } },
  { response: { error: { message: '50 % of "id": "x"', code: 1234 } } },
]

const records = () =>
  ODD.map((fields, index) =>
    record({ timestamp: timestampAt(index, `${DAY}T10:00:00Z`), x_request_id: `${index}`, ...fields }),
  )

sqliteTest('every value reads as it was logged, and every body, in whatever form it is stored', async () => {
  const space = workspace()
  space.write(`requests-${DAY}.jsonl`, jsonl(records()))
  await space.ingest()
  const rows = await space.query<Record<string, unknown>>(
    'SELECT * FROM request_details ORDER BY CAST(x_request_id AS INTEGER)',
  )
  expect(rows).toHaveLength(ODD.length)
  for (const [index, logged] of records().entries()) {
    const { timestamp, latency_ms, ttfb_ms, overhead_ms, status_code } = logged
    expect(rows[index]).toMatchObject({
      timestamp,
      latency_ms,
      ttfb_ms,
      overhead_ms,
      status_code,
      ts: Math.floor(Date.parse(asUtc(timestamp)) / 1000),
    })
    expect(JSON.parse(String(rows[index]?.['response_json']))).toEqual(logged.response)
  }
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
})

const asUtc = (timestamp: string) => (/Z|\+/.test(timestamp) ? timestamp : `${timestamp}Z`)

const more = (text: string) =>
  record({ timestamp: `${DAY}T20:00:00.000001Z`, x_request_id: text, response: completion(text) })

sqliteTest('a partition of the version before, written to again, has all its rows as they were', async () => {
  const space = workspace()
  space.write(`requests-${DAY}.jsonl`, jsonl(records()))
  await space.ingest()
  const [path = ''] = space.partitions()
  const before = await space.query(ALL)
  await makeOlder(path, 12)
  expect(await space.query(ALL)).toEqual(before)
  space.write(`requests-${DAY}.w2.jsonl`, jsonl([more('later')]))
  await space.ingest()
  const after = await space.query<{ x_request_id: string }>(ALL)
  expect(after.filter((row) => row.x_request_id !== 'later')).toEqual(before)
  expect(await sharedRows(space)).toMatchObject({ rows: ODD.length + 1 })
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
})

async function sharedRows({ query }: Workspace) {
  const [counts] = await query<{ rows: number; kinds: number; frames: number }>(`SELECT
    (SELECT count(*) FROM z_req_row) AS rows, (SELECT count(*) FROM z_req_kind) AS kinds, (SELECT count(*) FROM z_req_frame) AS frames`)
  return counts
}

sqliteTest('what many requests share is stored once, also by later runs, and goes with the last of them', async () => {
  const space = workspace()
  const write = (name: string, from: number) =>
    space.write(
      name,
      jsonl(
        Array.from({ length: 50 }, (_, index) =>
          record({
            timestamp: timestampAt(from + index, `${DAY}T10:00:00Z`),
            x_request_id: `${from + index}`,
            response: { ...completion('x'), id: `id-${from + index}`, created: 1757462400 + index },
          }),
        ),
      ),
    )
  write(`requests-${DAY}.jsonl`, 0)
  await space.ingest()
  expect(await sharedRows(space)).toEqual({ rows: 50, kinds: 1, frames: 2 })
  write(`requests-${DAY}.w2.jsonl`, 50)
  space.write(
    `requests-${DAY}.w3.jsonl`,
    jsonl([record({ timestamp: `${DAY}T23:00:00.000001Z`, x_request_id: 'other', api_key_hash: 'secret-key-hash' })]),
  )
  await space.ingest()
  expect(await sharedRows(space)).toEqual({ rows: 101, kinds: 2, frames: 3 })
  await space.run(['forget', '--key', 'secret-key-hash', '--yes'])
  expect(await sharedRows(space)).toEqual({ rows: 100, kinds: 1, frames: 2 })
  const [path = ''] = space.partitions()
  const db = await openDatabase(path)
  expect(db.serialize().includes('secret-key-hash')).toBe(false)
  db.close()
})
