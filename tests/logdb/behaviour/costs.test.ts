import { expect } from 'vitest'
import { completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import { makeOlder } from '../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

/** OpenRouter says a cost, in the answer too; Anthropic does not. */
const COSTS = [0.1, 0.2, undefined]
const RECORDS = COSTS.map((cost, index) => {
  const usage = { prompt_tokens: 7, completion_tokens: 5, ...(cost !== undefined && { cost }) }
  return record({
    timestamp: `2025-09-10T1${index}:00:00Z`,
    x_request_id: `r${index}`,
    provider: cost === undefined ? 'anthropic' : 'openrouter',
    ttfb_ms: 100 * (index + 1),
    usage,
    response: { ...completion('"cost": "none"'), usage },
  })
})
const BEFORE_COSTS = 9

async function filled(): Promise<Workspace> {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl(RECORDS))
  await space.ingest()
  return space
}

async function total({ run }: Workspace, ...args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await run(['stats', '--json', ...args])).stdout).result.total
}

const COUNTED = {
  requests: 3,
  cost: 0.3,
  requests_with_cost: 2,
  ttfb_p50_ms: 200,
  ttfb_p95_ms: 300,
  ttfb_p99_ms: 300,
  not_counted: 0,
}

sqliteTest('stats adds costs up and gives percentiles of the first byte, by requests and by hours alike', async () => {
  const space = await filled()
  expect(await total(space)).toMatchObject(COUNTED)
  expect(await total(space, '--endpoint', '*')).toEqual(await total(space))
  const { stdout } = await space.run(['stats', '--by', 'provider'])
  expect(stdout).toContain('first byte p50 200 ms, p95 300 ms, p99 300 ms, cost 0.30 (of 2 requests)\n')
  expect(stdout).toMatch(/first p50 +first p95 +first p99 +cost\n/)
  expect(stdout).toMatch(/^openrouter .* 100 +200 +200 +0\.30\n/m)
  expect(stdout).toMatch(/^anthropic .* 300 +300 +300 +-\n/m)
})

sqliteTest('of a partition of an earlier version stats says so, until it is rewritten', async () => {
  const space = await filled()
  const [path = ''] = space.partitions()
  await makeOlder(path, BEFORE_COSTS)
  expect(await total(space)).toMatchObject({ requests: 3, cost: null, ttfb_p50_ms: null, not_counted: 3 })
  expect((await space.run(['stats'])).stdout).toContain('(without 3 requests: logdb seal --rewrite)')
  expect((await space.run(['verify', '--deep'])).exitCode).toBe(0)
  expect((await space.run(['seal', '--rewrite'])).exitCode).toBe(0)
  expect(await total(space)).toMatchObject(COUNTED)
  const costs = await space.query('SELECT cost FROM request_details ORDER BY ts')
  expect(costs).toEqual([{ cost: 0.1 }, { cost: 0.2 }, { cost: null }])
})
