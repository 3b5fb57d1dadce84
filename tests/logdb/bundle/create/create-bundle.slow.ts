import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sha256 } from '../../../../kit/sha256.ts'
import { fill, manifestNextTo, membersOf } from '../../../helpers/logdb/bundles.ts'
import { makePredecessorDatabase, type PredecessorTuple } from '../../../helpers/logdb/predecessor-database.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, SERVER_ID, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const DAYS = ['2025-09-09', '2025-09-10', '2025-09-11']
const RANGE = ['--since', '2025-09-10', '--to', '2025-09-10']

async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  await fill(space, DAYS, env)
  return space
}

const create = (space: Workspace, ...args: string[]) => space.run(['bundle', 'create', '--out', 'w.tgz', ...args])

/** Rows of the databases in a bundle. */
async function rowsOf(space: Workspace, file: string, sql = 'SELECT * FROM requests'): Promise<unknown[]> {
  const rows: unknown[] = []
  for (const { path, content } of await membersOf(file)) {
    if (!path.startsWith('db/')) continue
    const copy = join(space.folder, 'member.sqlite3')
    writeFileSync(copy, content)
    const db = await openDatabase(copy)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    rows.push(...db.prepare(sql).all())
    db.close()
  }
  return rows
}

sqliteTest('a bundle holds exactly the requests of its days, and prints its path as it was typed', async () => {
  const space = await filled()
  expect(await create(space, ...RANGE)).toEqual({ exitCode: 0, stdout: 'w.tgz\n', stderr: '' })
  const file = join(space.folder, 'w.tgz')
  const stored = await space.query("SELECT * FROM requests WHERE date(ts, 'unixepoch') = '2025-09-10'")
  expect(stored).toHaveLength(20)
  expect(readdirSync(space.folder).sort()).toEqual(['logs', 'w.tgz', 'w.tgz.metadata.json'])
  expect(await rowsOf(space, file)).toEqual(stored)
  expect((await membersOf(file)).map(({ path }) => path)).toEqual([
    'metadata.json',
    'db/2025/09/ai_proxy_20250910.sqlite3',
  ])
})

sqliteTest('metadata.json, also next to the bundle, has the fields of the predecessor and more', async () => {
  const space = await filled()
  const { stdout } = await create(space, '--json')
  const file = join(space.folder, 'w.tgz')
  const [first, ...members] = await membersOf(file)
  const manifest = manifestNextTo(file)
  expect(first?.content.toString()).toBe(readFileSync(`${file}.metadata.json`, 'utf8'))
  expect(JSON.parse(stdout).result.manifest).toEqual(manifest)
  expect(manifest).toMatchObject({
    bundle_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    created_at: '2025-09-11T12:00:19Z',
    server_id: SERVER_ID,
    schema_version: 'v2',
    include_raw: false,
    manifest_version: 2,
    ranges: [{ since: null, to: null }],
    counts: { requests: 60, databases: 3, logs: 0 },
  })
  expect(manifest.files).toEqual(
    members.map(({ path, content }) => ({
      path,
      bytes: content.length,
      sha256: sha256(content),
      format: 'v2',
      rows: 20,
      min_ts: expect.any(Number),
      max_ts: expect.any(Number),
      ids_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })),
  )
  const ids = await space.query<{ id: string }>('SELECT request_id AS id FROM z_req ORDER BY request_id')
  const [day] = manifest.files
  expect(day.ids_sha256).toBe(
    sha256(
      ids
        .slice(0, 20)
        .map(({ id }) => `${id}\n`)
        .join(''),
    ),
  )
})

sqliteTest('days are taken out of a partition of a week', async () => {
  const space = await filled({ LOGDB_PARTITION_GRANULARITY: 'weekly' })
  expect(space.partitions()).toHaveLength(1)
  await create(space, ...RANGE)
  const file = join(space.folder, 'w.tgz')
  const stored = await space.query("SELECT * FROM request_details WHERE date(ts, 'unixepoch') = '2025-09-10'")
  expect(await rowsOf(space, file, 'SELECT * FROM request_details')).toEqual(stored)
  const messages = await rowsOf(space, file, 'SELECT json FROM z_msg')
  expect(JSON.stringify(messages)).not.toContain('2025-09-09')
  expect(await create(space, '--since', '2025-09-09', '--to', '2025-09-14')).toMatchObject({ exitCode: 0 })
  expect(manifestNextTo(file).files).toMatchObject([{ rows: 60 }])
})

sqliteTest('rows that are only in the WAL are in the bundle, and the writer is not disturbed', async () => {
  const space = await filled()
  const [, path = ''] = space.partitions()
  const writer = await openDatabase(path)
  writer.pragma('wal_autocheckpoint = 0')
  writer.exec(`
    INSERT INTO z_req_kind (id, h, server_id, endpoint) VALUES (99, x'', 'other', '/v1/x');
    INSERT INTO z_req_frame (id, h, head, tail) VALUES (99, x'', '{}', '');
    INSERT INTO z_req_row (kind, other_id, ts, sent, answered, texts) VALUES (99, 'x', 1757505600, 99, 99, 0);`)
  writer.exec("BEGIN; UPDATE z_req_kind SET endpoint = '/not/committed'")
  expect(existsSync(`${path}-wal`)).toBe(true)
  expect(await create(space, ...RANGE)).toMatchObject({ exitCode: 0, stderr: '' })
  writer.exec('ROLLBACK')
  writer.close()
  const rows = await rowsOf(space, join(space.folder, 'w.tgz'), 'SELECT server_id, endpoint FROM requests')
  expect(rows).toHaveLength(21)
  expect(rows).toContainEqual({ server_id: 'other', endpoint: '/v1/x' })
  expect(JSON.stringify(rows)).not.toContain('not/committed')
})

sqliteTest('the same requests give the same bytes, whether sealed, indexed or read twice', async () => {
  const space = await filled()
  const bytes = async () => {
    expect(await create(space)).toMatchObject({ exitCode: 0 })
    return sha256(readFileSync(join(space.folder, 'w.tgz')))
  }
  const first = await bytes()
  expect(await bytes()).toBe(first)
  for (const verb of [['seal'], ['ingest'], ['fts', 'drop'], ['fts', 'build'], ['stats']]) {
    expect(await space.run(verb)).toMatchObject({ exitCode: 0 })
    expect([verb, await bytes()]).toEqual([verb, first])
  }
})

sqliteTest('the database of a bundle has no text index and no place of this machine', async () => {
  const space = await filled()
  await create(space)
  const file = join(space.folder, 'w.tgz')
  const sql = `SELECT (SELECT count(*) FROM ingest_sources) AS sources, (SELECT count(*) FROM z_ingest_marks) AS marks,
    (SELECT count(*) FROM sqlite_master WHERE name LIKE '%text_index%' OR name LIKE 'z_fts_state') AS indexes,
    (SELECT count(src) FROM z_req) AS places`
  expect(await rowsOf(space, file, sql)).toEqual(DAYS.map(() => ({ sources: 0, marks: 0, indexes: 0, places: 0 })))
  for (const { content } of await membersOf(file)) expect(content.includes(space.folder)).toBe(false)
})

sqliteTest(
  'with --include-raw, or its variable, the logs of these days are in it, by the day in their name',
  async () => {
    const space = await filled()
    space.write('old/v1_chat_completions.log', 'changed today')
    const rawOf = async (...args: string[]) => {
      await create(space, ...args)
      const members = await membersOf(join(space.folder, 'w.tgz'))
      return members.filter(({ path }) => path.startsWith('raw/'))
    }
    expect(await rawOf(...RANGE)).toEqual([])
    expect(await rawOf('--include-raw', ...RANGE)).toEqual([
      { path: 'raw/requests-2025-09-10.jsonl', content: readFileSync(join(space.logs, 'requests-2025-09-10.jsonl')) },
    ])
    expect(manifestNextTo(join(space.folder, 'w.tgz'))).toMatchObject({ include_raw: true, counts: { logs: 1 } })
    expect((await rawOf('--include-raw', '--since', 'today')).map(({ path }) => path)).toEqual([
      'raw/old/v1_chat_completions.log',
    ])
    const env = { LOGDB_BUNDLE_INCLUDE_RAW: 'true' }
    await space.run(['bundle', 'create', '--out', 'w.tgz', '--raw', 'logs', ...RANGE], env)
    expect(manifestNextTo(join(space.folder, 'w.tgz'))).toMatchObject({ include_raw: true, counts: { logs: 1 } })
    const wrong = { LOGDB_BUNDLE_INCLUDE_RAW: 'maybe' }
    expect(await space.run(['bundle', 'create', '--out', 'w.tgz'], wrong)).toMatchObject({ exitCode: 2 })
  },
)

sqliteTest("a database of the predecessor is bundled with its days' rows", async () => {
  const space = workspace()
  const noonS = Date.parse('2025-09-10T12:00:00Z') / 1000
  const row = (id: string, ts: number): PredecessorTuple => {
    return [id, 'old', ts, '/v1/x', null, null, 200, 1.5, '-1', '{}', '{}', null]
  }
  const rows = [row('a', noonS), row('b', noonS + 86_400)]
  makePredecessorDatabase(join(space.db, 'monthly/2025-09.sqlite3'), rows)
  await create(space, ...RANGE)
  const file = join(space.folder, 'w.tgz')
  expect(manifestNextTo(file).files).toMatchObject([{ path: 'db/monthly/2025-09.sqlite3', format: 'v1', rows: 1 }])
  expect(await rowsOf(space, file)).toMatchObject([{ request_id: 'a' }])
})

sqliteTest('a bundle without a request says so', async () => {
  const space = await filled()
  const { exitCode, stderr } = await create(space, '--since', '2026-01-01')
  expect([exitCode, stderr]).toEqual([0, 'the bundle has no request: the log database has none of these days\n'])
  expect(await space.run(['bundle', 'verify', 'w.tgz'])).toMatchObject({ exitCode: 0, stdout: 'ok\n' })
})

sqliteTest(
  'a log database that is not there, and a folder or a device as the bundle, are refused, and nothing is left',
  async () => {
    const space = await filled()
    mkdirSync(join(space.folder, 'here'))
    const missing = await space.run(['bundle', 'create', '--db', 'log/db', '--out', 'w.tgz'])
    expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('log/db does not exist')])
    for (const out of ['here', '']) {
      const { exitCode, stderr } = await space.run(['bundle', 'create', '--out', out])
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is a folder')])
    }
    symlinkSync('/dev/null', join(space.folder, 'null'))
    const device = await space.run(['bundle', 'create', '--out', 'null'])
    expect([device.exitCode, device.stderr]).toEqual([2, expect.stringContaining('is not a file')])
    expect(readdirSync(space.folder).sort()).toEqual(['here', 'logs', 'null'])
    expect(existsSync(`${space.folder}.parts`)).toBe(false)
  },
)

sqliteTest('a damaged partition is an error, and no bundle appears', async () => {
  const space = await filled()
  const [path = ''] = space.partitions()
  writeFileSync(path, 'no database')
  const { exitCode, stderr } = await create(space)
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`${path} is damaged`)])
  expect(readdirSync(space.folder)).toEqual(['logs'])
})

sqliteTest('tar lists and unpacks a bundle', async () => {
  const space = await filled()
  await create(space)
  const { status, stdout, stderr } = spawnSync('tar', ['-tzf', 'w.tgz'], { cwd: space.folder, encoding: 'utf8' })
  const paths = DAYS.map((day) => `db/2025/09/ai_proxy_${day.replaceAll('-', '')}.sqlite3\n`)
  expect([status, stderr, stdout]).toEqual([0, '', `metadata.json\n${paths.join('')}`])
})
