import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chat, completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import { partitionsBelow } from '../../helpers/logdb/project.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const WEEKLY = { LOGDB_PARTITION_GRANULARITY: 'weekly' }

/** Around two New Years: the last days of 2024 are in week 1 of 2025, the first ones of 2021 in week 53 of 2020. */
const DAYS = ['2020-12-31', '2021-01-03', '2021-01-04', '2024-12-29', '2024-12-30', '2025-01-05', '2025-01-06']
const WEEKS = [
  '2020/W53/ai_proxy_2020W53.sqlite3',
  '2021/W01/ai_proxy_2021W01.sqlite3',
  '2024/W52/ai_proxy_2024W52.sqlite3',
  '2025/W01/ai_proxy_2025W01.sqlite3',
  '2025/W02/ai_proxy_2025W02.sqlite3',
]
/** The first and the last second of a day. */
const TIMES = ['T00:00:00.000001Z', 'T23:59:59.999999Z']

function filled(days = DAYS): Workspace {
  const space = workspace()
  const records = days.flatMap((day) => {
    return TIMES.map((time) => {
      const [timestamp, request] = [day + time, chat(`question of ${day}`)]
      return record({ timestamp, x_request_id: timestamp, request, response: completion('well') })
    })
  })
  writeFileSync(join(space.logs, 'requests-1.jsonl'), jsonl(records))
  return space
}

type Verb = (...args: string[]) => Promise<string>

/** Runs a verb that must end well, and returns what it prints, with paths from logs/db on. */
const verbOf =
  ({ run, db }: Workspace): Verb =>
  async (...args) => {
    const { exitCode, stdout, stderr } = await run(args, WEEKLY)
    expect([args, exitCode, stderr]).toEqual([args, 0, ''])
    return stdout.replaceAll(`${db}/`, '')
  }

const lines = (paths: string[], text: string) => paths.map((path) => `${path} ${text}\n`).join('')

/** Requests by day, as all of `stats`, `query` and `search` must count them. */
async function counted(verb: Verb, ...range: string[]): Promise<Record<string, number>> {
  const { days } = JSON.parse(await verb('stats', ...range, '--json')).result
  const byDay = Object.fromEntries(days.map(({ day, requests }: { day: string; requests: number }) => [day, requests]))
  const sql = "SELECT date(ts, 'unixepoch') AS day, count(*) AS n FROM requests GROUP BY 1"
  const rows: { day: string; n: number }[] = JSON.parse(await verb('query', sql, ...range, '--json')).result
  expect(Object.fromEntries(rows.map(({ day, n }) => [day, n]))).toEqual(byDay)
  const { result } = JSON.parse(await verb('search', 'question', ...range, '--json'))
  expect(new Set(result.map(({ time }: { time: string }) => time.slice(0, 10)))).toEqual(new Set(Object.keys(byDay)))
  return byDay
}

sqliteTest('every verb works on weekly partitions, which are those of ISO 8601', async () => {
  const space = filled()
  const verb = verbOf(space)
  expect(await verb('init', '--date', '2025-01-01')).toBe(`${WEEKS[3]}\nok\n`)
  expect(await verb('ingest')).toContain('"rows_inserted": 14')
  expect(partitionsBelow(space.db)).toEqual(WEEKS)
  expect(await counted(verb)).toEqual(Object.fromEntries(DAYS.map((day) => [day, 2])))
  expect(await verb('fts', 'drop')).toBe(lines(WEEKS, 'fts dropped'))
  expect(await verb('fts', 'build', '--since', '2025-01-01', '--to', '2025-01-05')).toBe(
    lines([WEEKS[3] ?? ''], 'indexed=3 skipped=0'),
  )
  await verb('fts', 'build')
  const days = ['--since', '2021-01-03', '--to', '2021-01-04']
  const [first, second] = WEEKS // these verbs take whole partitions, as the predecessor did
  expect(await verb('dialogs', 'assign', ...days)).toBe(`${first} updated=4\n${second} updated=2\n`)
  expect(await verb('dialogs', 'clear', ...days)).toBe(`${first} cleared=4\n${second} cleared=2\n`)
  expect(await verb('verify', '--deep')).toMatch(/^(.* ok\n){5}$/)
  expect(await verb('audit', '--deep')).toMatch(/ ok\n$/)
  expect(await verb('seal', '--to', '2024-12-29')).toMatch(/^2020\/W53.*\n2021\/W01.*\n2024\/W52.*\n$/)
  expect(await verb('forget', '--request-id', '2025-01-06T00:00:00.000001Z', '--yes', '--quiet')).toBe('')
  expect(await verb('retain', '--metadata', '2024-12-30', '--bodies', '2025-01-05', '--yes')).toContain(
    `${WEEKS[3]} requests_removed=0 bodies_removed=2`,
  )
  expect(partitionsBelow(space.db)).toEqual(WEEKS.slice(3))
  expect(await verb('verify', '--deep')).toMatch(/^(.* ok\n){2}$/)
})

sqliteTest('--since and --to are UTC days, both included, even within a week', async () => {
  const space = filled()
  const verb = verbOf(space)
  await verb('ingest')
  expect(await counted(verb, '--since', '2025-01-05', '--to', '2025-01-05')).toEqual({ '2025-01-05': 2 })
  expect(await counted(verb, '--since', '2024-12-30', '--to', '2025-01-05')).toEqual({
    '2024-12-30': 2,
    '2025-01-05': 2,
  })
  expect(await counted(verb, '--to', '2020-12-31')).toEqual({ '2020-12-31': 2 })
  expect(await counted(verb, '--since', '2025-01-06')).toEqual({ '2025-01-06': 2 })
})

sqliteTest('ingest takes the requested days of a week, and the others later', async () => {
  const space = filled(['2024-12-30', '2024-12-31', '2025-01-05'])
  const ingest = (...range: string[]) => space.run(['ingest', ...range], WEEKLY)
  const one = await ingest('--since', '2024-12-31', '--to', '2024-12-31')
  expect([one.stdout, one.stderr]).toEqual([
    expect.stringContaining('"rows_inserted": 2'),
    '4 records outside --since and --to are left for a later run\n',
  ])
  expect((await ingest()).stdout).toContain('"rows_inserted": 4')
  expect(partitionsBelow(space.db)).toEqual([WEEKS[3]])
})

sqliteTest('a folder may hold daily and weekly partitions, and each request is counted once', async () => {
  const space = filled(['2024-12-30', '2025-01-01'])
  await space.run(['ingest'])
  const more = ['2025-01-01T12:00:00.000001Z', '2025-01-05T12:00:00.000001Z'].map((timestamp) => {
    return record({ timestamp, x_request_id: timestamp, request: chat(`question of ${timestamp.slice(0, 10)}`) })
  })
  writeFileSync(join(space.logs, 'requests-2.jsonl'), jsonl(more))
  const verb = verbOf(space)
  expect(await verb('ingest')).toContain('"rows_inserted": 2')
  const [monday, newYear] = ['2024/12/ai_proxy_20241230.sqlite3', '2025/01/ai_proxy_20250101.sqlite3']
  expect(partitionsBelow(space.db)).toEqual([monday, newYear, WEEKS[3]])
  expect(await counted(verb)).toEqual({ '2024-12-30': 2, '2025-01-01': 3, '2025-01-05': 1 })
  expect(await counted(verb, '--since', '2025-01-01', '--to', '2025-01-01')).toEqual({ '2025-01-01': 3 })
  expect(await verb('dialogs', 'assign', '--window', '200h')).toMatch(/=2\n.*=3\n.*=1\n$/)
  const ids = JSON.parse(await verb('query', 'SELECT DISTINCT dialog_id FROM requests', '--json')).result
  expect(ids).toHaveLength(1)
  expect(await verb('fts', 'drop')).toMatch(/^(.* fts dropped\n){3}$/)
  expect(await verb('fts', 'build')).toMatch(/^(.* skipped=0\n){3}$/)
  expect(await verb('verify', '--deep')).toMatch(/^(.* ok\n){3}$/)
  expect(await verb('audit', '--deep')).toMatch(/^(.* ok\n){2}$/)
  await verb('retain', '--metadata', '2025-01-05', '--yes')
  expect(await counted(verb)).toEqual({ '2025-01-05': 1 })
})

sqliteTest('after a change of granularity, reading a log again neither doubles nor restores anything', async () => {
  for (const [before, after] of [
    [{}, WEEKLY],
    [WEEKLY, {}],
  ]) {
    const space = filled(['2024-12-30', '2025-01-01'])
    await space.run(['ingest'], before)
    await space.run(['forget', '--request-id', '2025-01-01T00:00:00.000001Z', '--yes'])
    const partitions = partitionsBelow(space.db)
    rmSync(join(space.db, 'control.sqlite3'))
    expect((await space.run(['ingest'], after)).stdout).toContain('"rows_inserted": 0, "rows_skipped": 4')
    expect(partitionsBelow(space.db)).toEqual(partitions)
    writeFileSync(join(space.logs, 'requests-2.jsonl'), jsonl([record({ timestamp: '2025-01-08T12:00:00Z' })]))
    await space.run(['ingest'], after)
    expect(partitionsBelow(space.db)).toHaveLength(partitions.length + 1)
  }
})
