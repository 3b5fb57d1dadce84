import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect } from 'vitest'
import { copyWithoutIndexes } from '../../../../logdb/store/snapshot/copy-without-indexes.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { fill, manifestFor, membersOf, type TarMember, tgz } from '../../../helpers/logdb/bundles.ts'
import { jsonl, record } from '../../../helpers/logdb/logs.ts'
import { makeOlder } from '../../../helpers/logdb/older-partition.ts'
import { hasSqlite, sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

/** A bundle has partitions without indexes; import, or the first program of ours that writes to one, makes them again. */
const source = workspace(sharedTempFolder())
const DAY = '2025-09-10'
const MEMBER = 'db/2025/09/ai_proxy_20250910.sqlite3'
const SCHEMA = 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name'
const ROWS = 'SELECT * FROM request_details ORDER BY request_id'

beforeAll(async () => {
  if (!hasSqlite) return
  await fill(source, [DAY], { LOGDB_FTS_ENABLED: 'false' })
  await source.run(['bundle', 'create', '--out', 'w.tgz'])
})

async function bundled(): Promise<Buffer> {
  const members = await membersOf(join(source.folder, 'w.tgz'))
  return members.find(({ path }) => path === MEMBER)?.content ?? Buffer.alloc(0)
}

/** Bytes of the bundled database after a change of it. */
async function changed(sql: string): Promise<Buffer> {
  const path = join(source.folder, 'changed.sqlite3')
  writeFileSync(path, await bundled())
  const db = await openDatabase(path)
  db.exec(sql)
  db.close()
  return readFileSync(path)
}

async function importOf(space: Workspace, content: Buffer) {
  const member: TarMember = { path: MEMBER, content }
  writeFileSync(join(space.folder, 'x.tgz'), tgz([manifestFor([member]), member]))
  return space.run(['bundle', 'import', 'x.tgz'], { LOGDB_FTS_ENABLED: 'false' })
}

/** Puts the bundled database where a partition is, as the predecessor's import does. */
async function placed(): Promise<Workspace> {
  const space = workspace()
  const path = join(space.db, MEMBER.replace('db/', ''))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, await bundled())
  return space
}

async function expectWhole(space: Workspace): Promise<void> {
  const [path = ''] = space.partitions()
  const db = await openDatabase(path)
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
  expect(await space.query(SCHEMA)).toEqual(await source.query(SCHEMA))
}

sqliteTest('a bundle has the rows and the views of a partition, and only indexes of few values', async () => {
  const space = await placed()
  const others = "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY name"
  expect(await space.query(others)).toEqual(await source.query(others))
  const indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
  const kept = ['model_mapped', 'model_orig', 'status'].map((name) => ({ name: `idx_requests_${name}` }))
  expect(await space.query(indexes)).toEqual(kept)
  expect(await space.query(ROWS)).toEqual(await source.query(ROWS))
})

sqliteTest('an imported partition is like one that ingest made', async () => {
  const space = workspace()
  expect(await importOf(space, await bundled())).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await space.query(ROWS)).toEqual(await source.query(ROWS))
  await expectWhole(space)
})

sqliteTest(
  'one that was put among the others is read as it is, and gets its indexes when it is written to',
  async () => {
    const space = await placed()
    const [path = ''] = space.partitions()
    const before = readFileSync(path)
    expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
    expect((await space.run(['list', '--json'])).stdout).toContain(`${DAY}`)
    expect(readFileSync(path).equals(before)).toBe(true)
    copyFileSync(join(source.logs, `requests-${DAY}.jsonl`), join(space.logs, `requests-${DAY}.jsonl`))
    space.write('requests-2.jsonl', jsonl([record({ timestamp: `${DAY}T20:00:00Z`, x_request_id: 'new' })]))
    expect(await space.ingest({ env: { LOGDB_FTS_ENABLED: 'false' } })).toMatchObject({ rowsInserted: 1 })
    await expectWhole(space)
  },
)

sqliteTest('one that was put among the others can be sealed, merged and bundled', async () => {
  for (const args of [['seal'], ['fts', 'build'], ['bundle', 'create', '--out', 'w.tgz']]) {
    const space = await placed()
    expect(await space.run(args), args.join(' ')).toMatchObject({ exitCode: 0 })
    expect(await space.query(ROWS)).toEqual(await source.query(ROWS))
    expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
  }
  const space = await placed()
  await space.run(['bundle', 'create', '--out', 'w.tgz'])
  expect(readFileSync(join(space.folder, 'w.tgz')).equals(readFileSync(join(source.folder, 'w.tgz')))).toBe(true)
  const merge = ['merge', '--from', 'logs/db/2025/09', '--to', 'logs/db/merged.sqlite3']
  expect((await space.run(merge)).stdout).toContain('sources=1 total_requests=20 integrity=ok')
})

sqliteTest('one that its indexes would not allow is refused, and nothing is stored', async () => {
  const columns = 'kind, request_id, ts, sent, answered, texts'
  const twice = `INSERT INTO z_req_row (${columns}) SELECT ${columns} FROM z_req_row LIMIT 1`
  for (const [sql, reason] of [
    [twice, "is damaged: UNIQUE constraint failed: index 'req_by_request_id'"],
    [
      'UPDATE z_msg_row SET h = (SELECT h FROM z_msg_row LIMIT 1)',
      "is damaged: UNIQUE constraint failed: index 'msg_by_hash'",
    ],
    ['CREATE TABLE more (x)', 'has other tables'],
    ['CREATE INDEX mine ON z_req_row (ts)', 'has other tables'],
    ['DROP VIEW requests; CREATE VIEW requests AS SELECT 1', 'has other tables'],
  ] as const) {
    const space = workspace()
    const { exitCode, stderr } = await importOf(space, await changed(sql))
    expect([sql, exitCode, stderr]).toEqual([
      sql,
      1,
      expect.stringContaining(`b/2025/09/ai_proxy_20250910.sqlite3 ${reason}`),
    ])
    expect(space.partitions()).toEqual([])
  }
})

sqliteTest('bundles of earlier versions, with indexes or without, are imported', async () => {
  const [path = ''] = source.partitions()
  for (const version of [5, 8, 10]) {
    const [older, bare] = ['older', 'bare'].map((name) => join(source.folder, `${name}-${version}.sqlite3`)) as [
      string,
      string,
    ]
    copyFileSync(path, older)
    await makeOlder(older, version)
    copyWithoutIndexes(await loadSqlite(), older, bare)
    for (const file of [older, bare]) {
      const space = workspace()
      expect(await importOf(space, readFileSync(file)), file).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await space.query('SELECT * FROM requests ORDER BY request_id')).toEqual(
        await source.query('SELECT * FROM requests ORDER BY request_id'),
      )
      expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
      rmSync(space.folder, { recursive: true })
    }
  }
})
