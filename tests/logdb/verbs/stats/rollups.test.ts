import { expect, test } from 'vitest'
import { stats, statsOfGroup } from '../../../../logdb/verbs/stats/stats.ts'
import { jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { makeOlder } from '../../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { digests, openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const OUTCOMES = ['ok', 'client_aborted', 'ok', 'upstream_error', 'upstream_truncated'] as const
const COUNT = 200
/** Two requests in each five minutes, for eight hours around midnight. */
const STEP_US = 150_000_001

const RECORDS = Array.from({ length: COUNT }, (_, index) =>
  record({
    timestamp: timestampAt(index, '2025-09-10T20:00:00Z', STEP_US),
    x_request_id: `r${index}`,
    model_original: `model-${index % 3}`,
    provider: index % 2 === 0 ? 'openai' : 'gemini',
    api_key_hash: `key-${index % 4}`,
    api_key_name: `name-${index % 4}`,
    status_code: index % 10 === 9 ? 502 : 200,
    outcome: OUTCOMES[index % OUTCOMES.length] ?? 'ok',
    latency_ms: (index * 37) % 1000,
  }),
)

async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl(RECORDS))
  await space.ingest({ env })
  return space
}

const ALL = 'day,hour,model,key,provider,endpoint,outcome,status'

async function figures({ run }: Workspace, ...args: string[]) {
  const { exitCode, stdout } = await run(['stats', '--json', '--by', ALL, ...args])
  expect(exitCode).toBe(0)
  return JSON.parse(stdout).result
}

/** Runs a statement in every partition. */
async function change({ partitions }: Workspace, sql: string): Promise<void> {
  for (const path of partitions()) {
    const db = await openDatabase(path)
    db.exec(sql)
    db.close()
  }
}

const RANGES = [
  [],
  ['--since', '2025-09-10T21:30', '--to', '2025-09-11T01:10'],
  ['--since', '2025-09-10T22:00', '--to', '2025-09-10T22:59:59'],
  ['--since', '2025-09-10T22:10', '--to', '2025-09-10T22:20'],
  ['--since', '2025-09-11', '--tz', 'Europe/Oslo'],
  ['--tz', 'Asia/Kolkata'],
]

sqliteTest('what is known of each hour and the requests themselves give the same figures', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const space = await filled({ LOGDB_PARTITION_GRANULARITY: granularity })
    const [open] = await space.query<{ stale: number }>('SELECT count(*) AS stale FROM z_rollup_stale')
    expect(open).toEqual({ stale: 0 })
    const known = await Promise.all(RANGES.map((range) => figures(space, ...range)))
    await change(space, 'INSERT INTO z_rollup_stale SELECT DISTINCT hour FROM z_rollup')
    await change(space, 'UPDATE z_rollup SET requests = 1000')
    expect(await Promise.all(RANGES.map((range) => figures(space, ...range)))).toEqual(known)
    const counts = known.map(({ total }) => total.requests)
    expect([counts[0], counts[2], counts[3], counts[5]]).toEqual([200, 24, 5, 200])
    expect(known[4].days.map(({ day }: { day: string }) => day)).toEqual(['2025-09-11'])
    expect(known[5].hours[0].hour).toBe('2025-09-11T01:00')
  }
})

sqliteTest('the requests are not read where the figures of hours are known', async () => {
  const space = await filled()
  await change(space, 'UPDATE z_rollup SET requests = 1000')
  expect((await figures(space)).total.requests).toBe(9000)
  expect((await figures(space, '--model', 'model-*')).total.requests).toBe(200)
})

sqliteTest('cut streams are neither errors nor fine, and each grouping adds up', async () => {
  const result = await figures(await filled())
  // Every tenth answer was cut by the provider and has the status 502: it is cut.
  expect(result.total).toMatchObject({ requests: 200, errors: 40, cut: 80, latency_p50_ms: 479, latency_p99_ms: 997 })
  for (const groups of Object.values(result).filter(Array.isArray)) {
    expect(groups.reduce((sum, { requests }) => sum + requests, 0)).toBe(200)
  }
  expect(
    result.outcomes.map(({ outcome, requests, errors, cut }: Record<string, unknown>) => [
      outcome,
      requests,
      errors,
      cut,
    ]),
  ).toEqual([
    ['ok', 80, 0, 0],
    ['client_aborted', 40, 0, 40],
    ['upstream_error', 40, 40, 0],
    ['upstream_truncated', 40, 0, 40],
  ])
  expect(result.keys.map(({ key }: { key: string }) => key).sort()).toEqual(['name-0', 'name-1', 'name-2', 'name-3'])
})

sqliteTest('later records, and requests that are removed, change the figures; no name of theirs stays', async () => {
  const space = await filled()
  space.write('requests-y.jsonl', jsonl([record({ timestamp: '2025-09-10T20:30:00Z', x_request_id: 'late' })]))
  await space.ingest()
  expect((await figures(space)).total.requests).toBe(201)
  await space.run(['forget', '--key', 'name-1', '--yes'])
  expect((await figures(space)).total.requests).toBe(151)
  const left = await space.query("SELECT * FROM z_rollup WHERE name = 'key-1' OR label = 'name-1'")
  const [open] = await space.query<{ stale: number }>('SELECT count(*) AS stale FROM z_rollup_stale')
  expect([left, open]).toEqual([[], { stale: 0 }])
})

sqliteTest(
  'a partition of an earlier version gives the same figures, and gets its own when it is next written to',
  async () => {
    const space = await filled()
    const before = await figures(space)
    for (const path of space.partitions()) {
      await makeOlder(path, 5)
    }
    const older = digests(space.partitions())
    expect(await figures(space)).toEqual(before)
    expect(digests(space.partitions())).toEqual(older)
    await space.run(['seal'])
    expect(await figures(space)).toEqual(before)
    const [known] = await space.query<{ hours: number }>('SELECT count(DISTINCT hour) AS hours FROM z_rollup')
    expect(known?.hours).toBeGreaterThan(3)
  },
)

test('an unknown grouping is refused with all that exist', async () => {
  const { exitCode, stderr } = await workspace().run(['stats', '--by', 'day,colour'])
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('expected some of day, hour, model')])
})

sqliteTest(
  'the figures of one model, key or provider by time are those of its requests, without reading them',
  async () => {
    const space = await filled()
    const period = { out: space.db, since: '2025-09-10T20:30:00Z', to: '2025-09-11T03:59:59Z' }
    for (const [dimension, name] of [
      ['model', 'model-1'],
      ['key', 'key-2'],
      ['key', 'name-3'],
      ['provider', 'gemini'],
      ['model', 'none'],
    ] as const) {
      const read = await stats({ ...period, by: ['hour'], [dimension]: name })
      expect(await statsOfGroup({ ...period, unit: 'hour', group: { dimension, name } })).toEqual(read)
    }
    await change(space, 'INSERT INTO z_rollup_stale SELECT DISTINCT hour FROM z_rollup WHERE hour % 2 = 0')
    const group = { dimension: 'model', name: 'model-1' } as const
    const read = await stats({ ...period, by: ['day'], model: 'model-1' })
    expect(await statsOfGroup({ ...period, unit: 'day', group })).toEqual(read)
    await change(space, 'UPDATE z_rollup SET requests = 1000')
    expect((await statsOfGroup({ ...period, unit: 'day', group })).total.requests).toBeGreaterThan(3000)
  },
)
