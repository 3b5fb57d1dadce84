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

sqliteTest('a day after today is refused, because nothing would be kept', async () => {
  const space = await filled()
  const { exitCode, stdout, stderr } = await space.run(['retain', '--metadata', '2099-01-01', '--yes'])
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(
    /^✖ --metadata 2099-01-01 is after today, \d{4}-\d\d-\d\d: nothing would be kept; nothing was changed/,
  )
  expect(await left(space)).toEqual(DAYS)
  expect((await space.run(['retain', '--bodies', '2099-01-01', '--reset', '--dry-run'])).exitCode).toBe(2)
})

sqliteTest('what retention leaves out is counted by ingest, its dry run and audit', async () => {
  const space = filledWithout()
  await space.run(['retain', '--metadata', '2025-09-10', '--yes'])
  const ingest = await space.run(['ingest'])
  expect(ingest.stderr).toBe('2 records are left out, because logdb retain does not keep their days\n')
  const [{ bytes = 0 } = {}] = await space.queryControl<{ bytes: number }>('SELECT ignored_bytes AS bytes FROM sources')
  expect(bytes).toBeGreaterThan(1000)
  const note = `${bytes} bytes are left out, because logdb retain does not keep their days\n`
  expect((await space.run(['ingest', '--dry-run'])).stderr).toBe(`nothing was changed: this was a dry run\n${note}`)
  const audit = await space.run(['audit', '--deep'])
  expect(audit.stdout).toContain(` pending=0 retained=${bytes} ok\n`)
  expect(audit.stderr).toBe(`${join(space.logs, 'requests-x.jsonl')}: ${note}`)
})

for (const how of ['removed before', 'left out by ingest'] as const) {
  sqliteTest(`--reset lets the next ingest read again what was ${how}, except what was forgotten`, async () => {
    const space = how === 'removed before' ? await filled() : filledWithout()
    const days = ['--metadata', '2025-09-10', '--bodies', '2025-09-11']
    if (how === 'removed before') await space.run(['forget', '--request-id', '08', '--yes'])
    await space.run(['retain', ...days, '--yes'])
    await space.ingest()
    expect(await left(space)).toEqual(['10 without bodies', '11'])
    expect((await space.run(['retain', '--metadata', '2025-09-01', '--yes'])).exitCode).toBe(0)
    expect((await space.run(['ingest'])).stdout).toContain('"rows_inserted": 0')
    const back = ['retain', '--metadata', '2025-09-01', '--bodies', '2025-09-02', '--reset']
    expect((await space.run([...back, '--yes'])).stderr).toMatch(
      /^the next logdb ingest reads \d{4} bytes of logs again\n$/,
    )
    expect((await space.run([...back, '--yes'])).exitCode).toBe(0)
    const report = await space.ingest()
    expect(report).toMatchObject({
      rowsInserted: how === 'removed before' ? 1 : 2,
      rowsRestored: 1,
      recordsRetained: 0,
    })
    expect(await left(space)).toEqual(how === 'removed before' ? ['09', '10', '11'] : DAYS)
    for (const { gap } of await space.queryControl<{ gap: number }>(LEDGER_GAP)) expect(gap).toBe(0)
    expect(await space.run(['audit', '--deep', '--from', 'logs'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await space.run(['verify', '--deep'])).exitCode).toBe(0)
    expect((await space.run(['search', 'secret10'])).stdout).toContain('secret10')
  })
}

sqliteTest('--reset counts what is gone with its log', async () => {
  const space = await filled()
  await space.run(['retain', '--metadata', '2025-09-10', '--yes'])
  const log = join(space.logs, 'requests-x.jsonl')
  rmSync(log)
  const reset = await space.run(['retain', '--metadata', '2025-09-01', '--reset', '--yes'])
  expect(reset.stderr).toMatch(
    /^the next logdb ingest reads 0 bytes of logs again\n.*x\.jsonl is gone: \d{4} bytes of it cannot be read again\n$/,
  )
  const ingest = await space.run(['ingest'])
  expect(ingest.stderr).toMatch(
    /^.*requests-x\.jsonl is gone: \d{4} bytes of it that were left for a later run can no longer be read\n$/,
  )
  expect((await space.run(['audit'])).stderr).toBe(ingest.stderr)
})

sqliteTest('weekly partitions lose their old days', async () => {
  const space = await filled({ LOGDB_PARTITION_GRANULARITY: 'weekly' })
  await space.run(['retain', '--bodies', '2025-09-11', '--metadata', '2025-09-09', '--yes'])
  expect(await left(space)).toEqual(['09 without bodies', '10 without bodies', '11'])
  expect(holds(space, 'secret09')).toBe(false)
  expect(await space.query('SELECT json FROM z_msg ORDER BY json')).toHaveLength(3)
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
    expect.stringContaining('1 request and the bodies of 2 others would be removed permanently; nothing was changed'),
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
