import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteShellTest, sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const RECORDS = 50
const MS_PER_DAY = 86_400_000
const dayAgo = (days: number) => new Date(Date.now() - days * MS_PER_DAY).toISOString().slice(0, 10)

const onDay = (day: string, from = 0) =>
  jsonl(
    Array.from({ length: RECORDS }, (_, index) =>
      record({
        timestamp: timestampAt(from + index, `${day}T00:00:00Z`),
        x_request_id: `${day} ${from + index}`,
        request: chat(`question ${day} ${from + index}`),
      }),
    ),
  )

async function stored(...days: string[]): Promise<Workspace & { partition: string }> {
  const space = workspace()
  for (const day of days) space.write(`requests-${day}.jsonl`, onDay(day))
  await space.ingest()
  return { ...space, partition: space.partitions()[0] ?? '' }
}

const isWritable = (path: string) => (statSync(path).mode & 0o222) !== 0
const rows = ({ query }: Workspace) => query('SELECT * FROM request_details ORDER BY request_id')

sqliteTest('a sealed partition holds the same in one compact file that nobody may write to', async () => {
  const space = await stored('2025-09-10')
  const { partition, run } = space
  const [before, size] = [await rows(space), statSync(partition).size]
  const { exitCode, stdout, stderr } = await run(['seal'])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toBe(`${partition} bytes_before=${size} bytes_after=${statSync(partition).size}\n`)
  expect(statSync(partition).size).toBeLessThanOrEqual(size)
  expect(isWritable(partition)).toBe(false)
  expect(readdirSync(dirname(partition))).toEqual(['ai_proxy_20250910.sqlite3'])
  expect(await rows(space)).toEqual(before)
  expect(await run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
  expect((await run(['search', '"question 2025-09-10 7"'])).stdout).toContain('question')
  expect(await run(['seal'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

sqliteShellTest('sqlite3 reads it with immutable=1, without leaving a file behind', async () => {
  const { partition, run, folder } = await stored('2025-09-10')
  await run(['seal'])
  const copy = join(folder, 'elsewhere.sqlite3')
  copyFileSync(partition, copy)
  const query = 'SELECT COUNT(*) FROM requests; PRAGMA journal_mode'
  const shell = spawnSync('sqlite3', [`file:${copy}?immutable=1`, query], { encoding: 'utf8' })
  expect(shell).toMatchObject({ status: 0, stdout: `${RECORDS}\ndelete\n`, stderr: '' })
  expect(existsSync(`${copy}-wal`)).toBe(false)
})

sqliteTest('days that are not over, or only just, stay open', async () => {
  const { partitions, run } = await stored(dayAgo(0), dayAgo(1), dayAgo(2))
  expect(await run(['seal', '--dry-run'])).toMatchObject({ stderr: 'nothing was changed: this was a dry run\n' })
  expect(partitions().every(isWritable)).toBe(true)
  await run(['seal'])
  expect(partitions().map(isWritable)).toEqual([false, true, true])
  await run(['seal', '--to', dayAgo(0)])
  expect(partitions().map(isWritable)).toEqual([false, false, true])
})

sqliteTest('late records open it again, which ingest says; it can be sealed again', async () => {
  const space = await stored('2025-09-10')
  const { partition, run, write } = space
  await run(['seal'])
  write('requests-late.jsonl', onDay('2025-09-10', 100))
  const { exitCode, stderr } = await run(['ingest'])
  expect([exitCode, stderr]).toEqual([0, `records came late, or again, for ${partition}, which is no longer sealed\n`])
  expect(isWritable(partition)).toBe(true)
  expect(await space.query('SELECT count(*) AS n FROM z_req')).toEqual([{ n: 2 * RECORDS }])
  expect((await run(['ingest'])).stderr).toBe('')
  expect((await run(['seal'])).stdout).toContain('bytes_after=')
  expect(isWritable(partition)).toBe(false)
  expect(await run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('commands that only read leave it sealed; erasure reaches it', async () => {
  const space = await stored('2025-09-10')
  const { partition, run } = space
  await run(['seal'])
  for (const args of [
    ['init', '--date', '2025-09-10'],
    ['fts', 'build'],
    ['ingest'],
    ['verify', '--deep'],
    ['stats'],
    ['retain', '--bodies', '2025-09-01', '--yes'],
  ]) {
    expect([args, (await run(args)).exitCode, isWritable(partition)]).toEqual([args, 0, false])
  }
  const [first] = await space.query<{ id: string }>('SELECT request_id AS id FROM z_req')
  expect(await run(['forget', '--request-id', first?.id ?? '', '--yes'])).toMatchObject({ exitCode: 0 })
  expect(await space.query('SELECT count(*) AS n FROM z_req')).toEqual([{ n: RECORDS - 1 }])
})

sqliteTest('a partition that another process reads is not changed, and the others are sealed', async () => {
  const { partitions, run } = await stored('2025-09-10', '2025-09-11')
  const [first = '', second = ''] = partitions()
  const reader = await openDatabase(first)
  reader.exec('BEGIN; SELECT * FROM z_req')
  const { exitCode, stdout } = await run(['seal'])
  reader.close()
  expect([exitCode, stdout]).toEqual([
    4,
    expect.stringContaining(`${first} seal_error=${first} is in use by another process\n`),
  ])
  expect([isWritable(first), isWritable(second)]).toEqual([true, false])
  expect(await run(['seal'])).toMatchObject({ exitCode: 0 })
  expect(isWritable(first)).toBe(false)
})

sqliteTest('a sealed partition stays sealed while nothing in it changes', async () => {
  const space = workspace()
  space.write('requests-1.jsonl', jsonl([record()]))
  await space.ingest()
  await space.run(['dialogs', 'assign'])
  await space.run(['seal'])
  const [path = ''] = space.partitions()
  const isSealed = () => (statSync(path).mode & 0o222) === 0
  for (const verb of [['dialogs', 'assign'], ['dialogs', 'assign', '--dry-run'], ['fts', 'build'], ['ingest']]) {
    expect(await space.run(verb)).toMatchObject({ exitCode: 0 })
    expect([verb, isSealed()]).toEqual([verb, true])
  }
  expect(await space.run(['dialogs', 'clear'])).toMatchObject({ stdout: `${path} cleared=1\n` })
  expect(isSealed()).toBe(false)
  await space.run(['seal'])
  expect(await space.run(['dialogs', 'clear'])).toMatchObject({ stdout: `${path} cleared=0\n` })
  expect(isSealed()).toBe(true)
})

sqliteTest('a sealed day of few requests has small pages, and grows again as any other', async () => {
  const space = workspace()
  const more = (name: string, count: number) => {
    const content = (index: number) => `${name} ${index} ${'word '.repeat(300)}`
    const one = (index: number) => record({ x_request_id: `${name}-${index}`, request: chat(content(index)) })
    space.write(`requests-${name}.jsonl`, jsonl(Array.from({ length: count }, (_, index) => one(index))))
  }
  const sizes = () => space.query<object>('SELECT page_size FROM pragma_page_size')
  more('few', 3)
  await space.ingest()
  const [path = ''] = space.partitions()
  const before = statSync(path).size
  await space.run(['seal'])
  expect(await sizes()).toEqual([{ page_size: 1024 }])
  expect(statSync(path).size).toBeLessThan(before / 4)
  more('many', 600)
  await space.ingest()
  expect(await space.run(['seal'])).toMatchObject({ exitCode: 0 })
  expect(await sizes()).toEqual([{ page_size: 8192 }])
  expect(await space.query('SELECT count(*) AS rows FROM requests')).toEqual([{ rows: 603 }])
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
})
