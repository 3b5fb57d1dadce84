import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Tally } from '../../../../logdb/store/rollups/tally.ts'
import { jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { makePredecessorDatabase } from '../../../helpers/logdb/predecessor-database.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

test('percentiles are latencies that occurred, the nearest to the share', () => {
  const tally = new Tally()
  const add = (status: number, latencyMs: number | null, ...tokens: (number | null)[]) => {
    const [tokensIn = null, tokensOut = null, cached = null, written = null, cost = null] = tokens
    const parts = [tokensIn, tokensOut, cached, written, null, tokensOut] as const
    const ttfbMs = latencyMs === null ? null : latencyMs / 2
    tally.add([0, null, null, null, null, '/v1/x', null, status, latencyMs, ...parts, ttfbMs, cost])
  }
  for (let latencyMs = 1000; latencyMs >= 1; latencyMs--) add(200, latencyMs, 1, null)
  add(404, null, null, 2, 5, 7, 0.1)
  add(200, null, null, null, null, null, 0.2)
  expect(tally.figures()).toEqual({
    requests: 1002,
    errors: 1,
    cut: 0,
    tokensIn: 1000,
    tokensOut: 2,
    tokensCacheRead: 5,
    tokensCacheWrite5m: 7,
    tokensCacheWrite1h: 0,
    tokensReasoning: 2,
    latencyMs: { p50: 500, p95: 950, p99: 990 },
    ttfbMs: { p50: 250, p95: 475, p99: 495 },
    cost: 0.3,
    requestsWithCost: 2,
    notCounted: 0,
  })
  expect(new Tally().figures().latencyMs).toEqual({ p50: null, p95: null, p99: null })
})

/** Three days: 4, 2 and 1 requests. */
async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  const records = [4, 2, 1].flatMap((requests, day) =>
    Array.from({ length: requests }, (_, index) =>
      record({
        timestamp: timestampAt(index, `2025-09-1${day}T23:59:50Z`),
        x_request_id: `${day}-${index}`,
        model_original: index === 0 ? 'claude' : 'gpt-4o',
        latency_ms: 100 * (index + 1),
        status_code: index === 3 ? 502 : 200,
        ...(day === 1 ? { api_key_hash: 'fedcba9876543210' } : { api_key_name: 'laptop' }),
      }),
    ),
  )
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest({ env })
  return space
}

const FIGURES = {
  errors: 0,
  cut: 0,
  tokens_in: 14,
  tokens_out: 10,
  tokens_cache_read: 0,
  tokens_cache_write_5m: 0,
  tokens_cache_write_1h: 0,
  tokens_reasoning: 0,
  cache_rate: 0,
  latency_p50_ms: 100,
  latency_p95_ms: 200,
  latency_p99_ms: 200,
  ttfb_p50_ms: 3.25,
  ttfb_p95_ms: 3.25,
  ttfb_p99_ms: 3.25,
  cost: null,
  requests_with_cost: 0,
  not_counted: 0,
}

sqliteTest('stats counts by day, model and key over all partitions of the range', async () => {
  const { run } = await filled()
  const { exitCode, stdout } = await run(['stats', '--json'])
  const { ok, verb, result } = JSON.parse(stdout)
  expect([exitCode, ok, verb]).toEqual([0, true, 'stats'])
  expect(result.total).toMatchObject({ requests: 7, errors: 1, tokens_in: 49, tokens_out: 35, latency_p99_ms: 400 })
  expect(result.days.map((day: { day: string; requests: number }) => [day.day, day.requests])).toEqual([
    ['2025-09-10', 4],
    ['2025-09-11', 2],
    ['2025-09-12', 1],
  ])
  expect(result.days[1]).toEqual({ day: '2025-09-11', requests: 2, ...FIGURES })
  expect(result.models.map(({ model, requests }: { model: string; requests: number }) => [model, requests])).toEqual([
    ['gpt-4o', 4],
    ['claude', 3],
  ])
  expect(result.keys.map(({ key, requests }: { key: string; requests: number }) => [key, requests])).toEqual([
    ['laptop', 5],
    ['fedcba9876543210', 2],
  ])
})

sqliteTest('stats respects the dates, even within a weekly partition', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const { run } = await filled({ LOGDB_PARTITION_GRANULARITY: granularity })
    const { stdout } = await run(['stats', '--json', '--since', '2025-09-11', '--to', '2025-09-11'])
    expect(JSON.parse(stdout).result.total).toEqual({ requests: 2, ...FIGURES })
  }
})

sqliteTest('in the terminal a bar shows how many requests there were', async () => {
  const { run } = await filled()
  const { stdout } = await run(['stats'])
  expect(stdout.split('\n').slice(0, 6)).toEqual([
    'requests 7, errors 1 (14.3 %), tokens 49 in, 35 out, latency p50 200 ms, p95 400 ms, p99 400 ms, first byte p50 3 ms, p95 3 ms, p99 3 ms',
    '',
    'day         requests                        errors  tokens in  tokens out  p50 ms  p95 ms  p99 ms  first p50  first p95  first p99',
    '2025-09-10         4  ████████████████████  25.0 %         28          20     200     400     400          3          3          3',
    '2025-09-11         2  ██████████             0.0 %         14          10     100     200     200          3          3          3',
    '2025-09-12         1  █████                  0.0 %          7           5     100     100     100          3          3          3',
  ])
  expect(stdout).not.toContain('\u001b')
  expect((await run(['stats'], {}, { isTTY: true })).stdout).toContain('\u001b[36m██████████')
})

sqliteTest('without requests stats says so', async () => {
  expect((await workspace().run(['stats'])).stdout).toBe(
    'requests 0, errors 0 (-), tokens 0 in, 0 out, latency p50 - ms, p95 - ms, p99 - ms\n',
  )
})

sqliteTest('a key has its last name', async () => {
  const space = workspace()
  const names = ['old', 'older', 'new']
  const days = ['2025-09-11', '2025-09-10', '2025-09-12']
  const records = names.map((name, index) => {
    return record({ timestamp: `${days[index]}T10:00:00Z`, x_request_id: name, api_key_name: name })
  })
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  const { keys } = JSON.parse((await space.run(['stats', '--json'])).stdout).result
  expect(keys).toMatchObject([{ key: 'new', requests: 3 }])
})

sqliteTest('a database that is not ours is named, not counted', async () => {
  const { db, run } = workspace()
  const path = join(db, '2025/09/ai_proxy_20250909.sqlite3')
  makePredecessorDatabase(path, [])
  const warning = `${path}: was made by the predecessor and is skipped; run logdb convert`
  expect(await run(['stats'])).toMatchObject({ exitCode: 0, stderr: `${warning}\n` })
  expect(JSON.parse((await run(['stats', '--json'])).stdout)).toMatchObject({ ok: true, warnings: [warning] })
  for (const verb of [
    ['search', 'x'],
    ['query', 'SELECT 1'],
  ]) {
    expect((await run(verb)).stderr).toContain('Hint: run: logdb convert. (')
  }
  makePredecessorDatabase(join(db, 'control.sqlite3'), [])
  for (const verb of [
    ['ingest'],
    ['audit'],
    ['errors'],
    ['fts', 'build'],
    ['dialogs', 'assign'],
    ['dialogs', 'clear'],
  ]) {
    expect(await run(verb)).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('run: logdb convert') })
  }
})
