import { expect, test } from 'vitest'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const HOURS = [1, 5, 30, 50]
const MS_PER_HOUR = 3_600_000

/** A request of each of these hours ago. */
async function recent(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  const records = HOURS.map((hours) => {
    const timestamp = new Date(Date.now() - hours * MS_PER_HOUR).toISOString()
    return record({ timestamp, x_request_id: `${hours}h`, request: chat(`question of ${hours}h ago`) })
  })
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest({ env })
  return space
}

async function found({ run }: Workspace, ...args: string[]): Promise<number[]> {
  const { stdout } = await run(['search', 'question', '--json', ...args])
  const hits: { snippet: string }[] = JSON.parse(stdout).result
  return hits.map(({ snippet }) => Number(/\d+/.exec(snippet)?.[0])).sort((a, b) => a - b)
}

sqliteTest('--since and --to take times, within days and weeks', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const space = await recent({ LOGDB_PARTITION_GRANULARITY: granularity })
    expect(await found(space, '--since', '2h')).toEqual([1])
    expect(await found(space, '--since', '36h', '--to', '4h')).toEqual([5, 30])
    expect(await found(space, '--since', '7d')).toEqual(HOURS)
    const { stdout } = await space.run(['stats', '--json', '--since', '2d'])
    expect(JSON.parse(stdout).result.total.requests).toBe(3)
    const counted = await space.run(['query', 'SELECT count(*) FROM requests', '--csv', '--since', '6h'])
    expect(counted.stdout).toBe('count(*)\n2\n')
  }
})

sqliteTest('--tz decides which requests are of a day, and how times are shown', async () => {
  const space = workspace()
  const times = ['2025-09-09T21:30:00Z', '2025-09-09T22:30:00Z', '2025-09-10T21:30:00Z', '2025-09-10T22:30:00Z']
  const records = times.map((timestamp) =>
    record({ timestamp, x_request_id: timestamp, request: chat(`at ${timestamp}`) }),
  )
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  const day = ['search', 'at', '--since', '2025-09-10', '--to', '2025-09-10', '--tz', 'Europe/Oslo']
  const { stdout } = await space.run(day)
  expect(stdout.match(/^\S+T\S+/gm)).toEqual(['2025-09-10T23:30:00+02:00', '2025-09-10T00:30:00+02:00'])
  const json = JSON.parse((await space.run([...day, '--json'])).stdout)
  expect(json.result.map((hit: { time: string }) => hit.time)).toEqual(['2025-09-10T21:30:00Z', '2025-09-09T22:30:00Z'])
})

sqliteTest('verbs of whole days take the same dates', async () => {
  const space = workspace()
  const [now, old] = [new Date(), new Date(Date.now() - 72 * MS_PER_HOUR)]
  const records = [now, old].map((time) => record({ timestamp: time.toISOString(), x_request_id: time.toISOString() }))
  space.write('requests-x.jsonl', jsonl(records))
  const { stdout } = await space.run(['ingest', '--since', 'yesterday'])
  expect(stdout).toContain('rows_inserted=1 ')
  expect(JSON.parse((await space.run(['ingest', '--since', '4d', '--json'])).stdout).result.rows_inserted).toBe(1)
  expect((await space.run(['verify', '--since', '2h'])).stdout.match(/ok$/gm)?.length).toBe(1)
})

test('a range that ends before it begins is refused, by times too', async () => {
  const { run } = workspace()
  for (const range of [
    ['--since', '2h', '--to', '3h'],
    ['--since', 'today', '--to', 'yesterday'],
  ]) {
    expect(await run(['search', 'x', ...range])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(' is after --to '),
    })
  }
  expect(await run(['retain', '--bodies', '90m', '--dry-run'])).toMatchObject({ exitCode: 2 })
})
