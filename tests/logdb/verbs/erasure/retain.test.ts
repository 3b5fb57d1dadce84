import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chat, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { digests, LEDGER_GAP, openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const DAYS = ['08', '09', '10', '11']

/** One request a day, each with its own word and one that all share. */
function filledWithout(): Workspace {
  const space = workspace()
  const records = DAYS.map((day) =>
    record({
      timestamp: `2025-09-${day}T10:00:00.000001Z`,
      x_request_id: day,
      request: chat(`secret${day}`, [{ role: 'system', content: 'shared' }]),
    }),
  )
  space.write('requests-x.jsonl', jsonl(records))
  return space
}

async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = filledWithout()
  await space.ingest({ env })
  return space
}

/** Of each request that is left, its day and whether its bodies are there. */
async function left(space: Workspace): Promise<string[]> {
  const rows = await space.query<{ id: string; request: string; response: string; tokens: number }>(
    'SELECT x_request_id AS id, request_json AS request, response_json AS response, tokens_in AS tokens FROM request_details ORDER BY ts',
  )
  return rows.map(({ id, request, response, tokens }) => {
    expect(tokens).toBe(7)
    const isRemoved = request === '{"_removed": true}'
    expect(response === '{"_removed": true}').toBe(isRemoved)
    return isRemoved ? `${id} without bodies` : id
  })
}

const holds = ({ partitions }: Workspace, text: string) =>
  partitions().some((path) => readFileSync(path).includes(text))

sqliteTest(
  'bodies before a day are removed, requests before another one too; a whole old partition is deleted',
  async () => {
    const space = await filled()
    const paths = space.partitions()
    const { exitCode, stdout, stderr } = await space.run([
      'retain',
      '--bodies',
      '2025-09-11',
      '--metadata',
      '2025-09-09',
      '--yes',
    ])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toBe(
      `${paths[0]} requests_removed=1 bodies_removed=0 deleted\n` +
        `${paths[1]} requests_removed=0 bodies_removed=1\n${paths[2]} requests_removed=0 bodies_removed=1\n`,
    )
    expect(await left(space)).toEqual(['09 without bodies', '10 without bodies', '11'])
    expect(space.partitions()).toEqual(paths.slice(1))
    expect([holds(space, 'secret10'), holds(space, 'secret11')]).toEqual([false, true])
    expect((await space.run(['search', 'secret10'])).stdout).toBe('')
    expect((await space.run(['search', 'shared'])).stdout).toContain('shared')
    expect((await space.run(['show', '10'])).stdout).toContain('user\n  (note) removed\nassistant\n  (note) removed\n')
    expect((await space.run(['retain', '--bodies', '2025-09-11', '--yes'])).stdout).toBe('')
  },
)

sqliteTest('weekly partitions lose their old days', async () => {
  const space = await filled({ LOGDB_PARTITION_GRANULARITY: 'weekly' })
  await space.run(['retain', '--bodies', '2025-09-11', '--metadata', '2025-09-09', '--yes'])
  expect(await left(space)).toEqual(['09 without bodies', '10 without bodies', '11'])
  expect(holds(space, 'secret09')).toBe(false)
  expect(await space.query('SELECT json FROM msg ORDER BY json')).toHaveLength(3)
  expect(await space.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

sqliteTest('logs that are read later bring back neither requests nor bodies', async () => {
  const [late, again] = [filledWithout(), await filled()]
  for (const space of [late, again]) {
    await space.run(['retain', '--bodies', '2025-09-11', '--metadata', '2025-09-09', '--yes'])
    space.write('requests-copy.jsonl', `\n${readFileSync(join(space.logs, 'requests-x.jsonl'), 'utf8')}`)
    rmSync(join(space.logs, 'requests-x.jsonl'))
    await space.ingest()
    expect(await left(space)).toEqual(['09 without bodies', '10 without bodies', '11'])
    expect(holds(space, 'secret10')).toBe(false)
    expect((await space.queryControl<{ gap: number }>(LEDGER_GAP)).every(({ gap }) => gap === 0)).toBe(true)
  }
})

sqliteTest('the first bytes of unreadable records are removed too', async () => {
  const space = workspace()
  space.write('requests-x.jsonl', 'secret\n')
  await space.ingest()
  const heads = async () =>
    (await space.queryControl<{ head: string }>('SELECT head FROM ingest_errors')).map(({ head }) => head)
  await space.run(['retain', '--bodies', '1d', '--yes'])
  expect(await heads()).toEqual(['secret\n'])
  const control = await openDatabase(join(space.db, 'control.sqlite3'))
  control.exec('UPDATE ingest_errors SET seen_ts = seen_ts - 86400 * 3')
  control.close()
  await space.run(['retain', '--bodies', '1d', '--yes'])
  expect(await heads()).toEqual([''])
  expect(readFileSync(join(space.db, 'control.sqlite3')).includes('secret')).toBe(false)
})

sqliteTest('a day once set does not move back', async () => {
  const space = await filled()
  await space.run(['retain', '--metadata', '2025-09-10', '--yes'])
  await space.run(['retain', '--metadata', '2025-09-01', '--yes'])
  rmSync(join(space.db, '2025'), { recursive: true })
  space.write('requests-x.jsonl', `\n${readFileSync(join(space.logs, 'requests-x.jsonl'), 'utf8')}`)
  await space.ingest()
  expect(await left(space)).toEqual(['10', '11'])
})

sqliteTest('days are counted from today', async () => {
  const space = await filled()
  const today = record({ timestamp: new Date().toISOString(), x_request_id: 'today' })
  space.write('requests-today.jsonl', jsonl([today]))
  await space.ingest()
  await space.run(['retain', '--metadata', '0d', '--yes'])
  expect(await left(space)).toEqual(['today'])
})

sqliteTest('without --yes, and in a dry run, nothing is changed', async () => {
  const space = await filled()
  const before = digests(space.partitions())
  const args = ['retain', '--bodies', '2025-09-11', '--metadata', '2025-09-09']
  const { exitCode, stderr } = await space.run(args)
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining('1 requests and the bodies of 2 others would be removed permanently; nothing was changed'),
  ])
  const dry = await space.run([...args, '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout).result[0]).toEqual({
    path: space.partitions()[0],
    requests_removed: 1,
    bodies_removed: 0,
    deleted: true,
  })
  expect(digests(space.partitions())).toEqual(before)
  rmSync(join(space.db, '2025'), { recursive: true })
  space.write('requests-x.jsonl', `\n${readFileSync(join(space.logs, 'requests-x.jsonl'), 'utf8')}`)
  await space.ingest()
  expect(await left(space)).toEqual(DAYS)
  expect(existsSync(space.partitions()[0] ?? '')).toBe(true)
})

sqliteTest('without --yes a day is not kept for later either', async () => {
  const { db, run } = workspace()
  expect(await run(['retain', '--bodies', '90d'])).toMatchObject({ exitCode: 2, stdout: '' })
  expect(existsSync(db)).toBe(false)
})

sqliteTest('it must be said how long to keep what', async () => {
  const { run } = workspace()
  for (const [args, message] of [
    [[], 'give --bodies, --metadata or both'],
    [['--bodies', '90'], 'expected days like 90d, or a date'],
    [['--metadata', '2025-02-30'], 'expected a date'],
  ] as const) {
    const { exitCode, stderr } = await run(['retain', ...args, '--yes'])
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
  }
})
