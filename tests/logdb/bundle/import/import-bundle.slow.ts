import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect } from 'vitest'
import { fill, manifestFor, membersOf, rewrite, tgz } from '../../../helpers/logdb/bundles.ts'
import { jsonl, record } from '../../../helpers/logdb/logs.ts'
import { makePredecessorDatabase, type PredecessorTuple } from '../../../helpers/logdb/predecessor-database.ts'
import { hasSqlite, sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, SERVER_ID, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

const DAYS = ['2025-09-09', '2025-09-10']
const ROWS = 40

/** Where the bundle comes from. */
const source = workspace(sharedTempFolder())
const bundle = join(source.folder, 'w.tgz')

beforeAll(async () => {
  if (!hasSqlite) return
  await fill(source, DAYS)
  await source.run(['bundle', 'create', '--out', 'w.tgz'])
})

const run = (space: Workspace, file = bundle, ...args: string[]) => space.run(['bundle', 'import', file, ...args])
async function rowsOf(space: Workspace): Promise<unknown[]> {
  const rows = await space.query<{ request_id: string }>('SELECT * FROM request_details')
  return rows.sort((a, b) => (a.request_id < b.request_id ? -1 : 1))
}

function lines(counts: Record<string, number>): string {
  const all = { imported: 0, identical: 0, conflicting: 0, forgotten: 0, too_old: 0, removed: 0, ...counts }
  const { imported, ...others } = all
  const skipped = all.identical + all.conflicting + all.forgotten + all.too_old
  const second = Object.entries(others).map(([name, count]) => `${name}=${count}`)
  return `imported=${imported} skipped=${skipped}\n${second.join(' ')}\n`
}

/** Nothing is left over, and every partition is whole. */
async function expectWhole(space: Workspace): Promise<void> {
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  expect(readdirSync(space.db).filter((name) => name === '.import')).toEqual([])
}

sqliteTest('an empty log database gets every request as it was, and search finds it', async () => {
  const space = workspace()
  expect(await run(space)).toEqual({ exitCode: 0, stdout: lines({ imported: ROWS }), stderr: '' })
  expect(await rowsOf(space)).toEqual(await rowsOf(source))
  expect((await space.run(['search', '"answer 2025-09-10 7"'])).stdout).toContain('2025-09-10')
  expect(existsSync(join(space.db, '.server_id'))).toBe(false)
  await expectWhole(space)
})

sqliteTest('a log database that has only requests of others gets its own identity with its first log', async () => {
  const space = workspace()
  await run(space)
  space.write('requests-1.jsonl', jsonl([record({ timestamp: '2025-09-10T21:00:00Z', x_request_id: 'own' })]))
  const env = { LOGDB_SERVER_ID: '' }
  expect(await space.run(['ingest'], env)).toMatchObject({ exitCode: 0, stderr: '' })
  const id = readFileSync(join(space.db, '.server_id'), 'utf8').trim()
  expect(id).not.toBe(SERVER_ID)
  const servers = await space.query<{ id: string }>('SELECT DISTINCT server_id AS id FROM z_req ORDER BY id')
  expect(new Set(servers.map((row) => row.id))).toEqual(new Set([id, SERVER_ID]))
  rmSync(join(space.db, '.server_id'))
  const lost = await space.run(['ingest'], env)
  expect([lost.exitCode, lost.stderr]).toEqual([7, expect.stringContaining(`put it back: echo ${id} >`)])
  rmSync(join(space.db, 'control.sqlite3'))
  expect((await space.run(['ingest'], env)).stderr).toContain(`put it back: echo ${id} >`)
})

sqliteTest('importing it again changes nothing', async () => {
  const space = workspace()
  await run(space)
  await space.run(['seal'])
  expect(await run(space)).toEqual({ exitCode: 0, stdout: lines({ identical: ROWS }), stderr: '' })
  expect(space.partitions().map((path) => statSync(path).mode & 0o222)).toEqual([0, 0])
  await expectWhole(space)
})

sqliteTest('a partition that has some of its requests gets the others, in one conversation tree', async () => {
  const space = workspace()
  const logLines = readFileSync(join(source.logs, 'requests-2025-09-10.jsonl'), 'utf8').split('\n').slice(0, -1)
  space.write('requests-1.jsonl', `${logLines.filter((_, index) => index % 2 === 0).join('\n')}\n`)
  await space.ingest()
  const [partition] = space.partitions()
  await space.run(['seal'])
  const { exitCode, stdout, stderr } = await run(space)
  expect([exitCode, stdout]).toEqual([0, lines({ imported: 30, identical: 10 })])
  expect(stderr).toBe(`${partition} has new requests and is no longer sealed\n`)
  expect(await rowsOf(space)).toEqual(await rowsOf(source))
  const counts = `SELECT (SELECT count(*) FROM z_msg) AS msg, (SELECT count(*) FROM z_node) AS node, (SELECT count(*) FROM z_conv) AS conv,
    (SELECT count(*) FROM z_msg_first) AS first`
  expect(await space.query(counts)).toEqual(await source.query(counts))
  expect((await space.run(['search', '"answer 2025-09-10 7"', '--json'])).stdout).toEqual(
    expect.stringContaining('"ok":true'),
  )
  await expectWhole(space)
})

sqliteTest('the same day of two servers is kept of both', async () => {
  const space = workspace()
  space.write('requests-1.jsonl', jsonl([record({ x_request_id: 'other' })]))
  await space.ingest({ env: { LOGDB_SERVER_ID: '99999999-2222-3333-4444-555555555555' } })
  expect(await run(space)).toMatchObject({ exitCode: 0, stdout: lines({ imported: ROWS }) })
  const servers = 'SELECT DISTINCT server_id FROM requests ORDER BY 1'
  expect(await space.query(servers)).toContainEqual({ server_id: '99999999-2222-3333-4444-555555555555' })
  expect(await space.query('SELECT request_id FROM z_req')).toHaveLength(ROWS + 1)
  await expectWhole(space)
})

sqliteTest('days go to the partition that they have there, and weeks to days', async () => {
  const weekly = { LOGDB_PARTITION_GRANULARITY: 'weekly' }
  const week = workspace()
  expect(await week.run(['bundle', 'import', bundle], weekly)).toMatchObject({ stdout: lines({ imported: ROWS }) })
  expect(week.partitions()).toHaveLength(1)
  expect(await rowsOf(week)).toEqual(await rowsOf(source))
  await week.run(['bundle', 'create', '--out', 'w.tgz'])
  const days = workspace()
  expect(await run(days, join(week.folder, 'w.tgz'))).toMatchObject({ exitCode: 0, stdout: lines({ imported: ROWS }) })
  expect(days.partitions()).toHaveLength(2)
  expect(await rowsOf(days)).toEqual(await rowsOf(source))
  await expectWhole(days)
})

sqliteTest('a request that is stored with another content stays as it is, and the exit code says so', async () => {
  const space = workspace()
  await run(space)
  const [path = ''] = space.partitions()
  const db = await openDatabase(path)
  const id = db.prepare('SELECT request_id FROM z_req ORDER BY request_id LIMIT 1').pluck().get()
  db.prepare('UPDATE z_req_row SET bytes_in = 7 WHERE id = (SELECT id FROM z_req WHERE request_id = ?)').run(id)
  db.close()
  const before = await rowsOf(space)
  const { exitCode, stdout, stderr } = await run(space)
  expect([exitCode, stdout]).toEqual([7, lines({ identical: ROWS - 1, conflicting: 1 })])
  expect(stderr).toContain(`conflicting: ${id}\n`)
  expect(stderr).toContain('(BUNDLE_CONFLICT, exit code 7)')
  expect(await rowsOf(space)).toEqual(before)
})

sqliteTest('what was forgotten here stays out, and what was forgotten there goes here too', async () => {
  const space = workspace()
  await run(space)
  const [first] = await space.query<{ id: string }>('SELECT request_id AS id FROM z_req ORDER BY id LIMIT 1')
  await space.run(['forget', '--request-id', first?.id ?? '', '--yes'])
  const stdout = lines({ identical: ROWS - 1, forgotten: 1 })
  expect(await run(space)).toEqual({ exitCode: 0, stdout, stderr: '' })
  await space.run(['bundle', 'create', '--out', 'less.tgz'])
  const other = workspace()
  await run(other)
  const removed = lines({ identical: ROWS - 1, removed: 1 })
  const dryRun = ['bundle', 'import', join(space.folder, 'less.tgz'), '--dry-run']
  expect(await other.run(dryRun)).toMatchObject({ exitCode: 0, stdout: removed })
  expect(await run(other, join(space.folder, 'less.tgz'))).toMatchObject({ exitCode: 0, stdout: removed })
  expect(await rowsOf(other)).toEqual(await rowsOf(space))
  expect(await run(other)).toMatchObject({ stdout })
  await expectWhole(other)
})

sqliteTest('what is past its retention stays out, and bodies without their metadata do too', async () => {
  const space = workspace()
  await run(space)
  await space.run(['retain', '--metadata', '2025-09-10', '--yes'])
  expect(await run(space)).toMatchObject({ stdout: lines({ identical: ROWS / 2, too_old: ROWS / 2 }) })
  expect(await space.query('SELECT request_id FROM z_req')).toHaveLength(ROWS / 2)
  const other = workspace()
  await other.run(['retain', '--bodies', '2025-09-10', '--yes'])
  expect(await run(other)).toMatchObject({ exitCode: 0, stdout: lines({ imported: ROWS }) })
  const removed = 'SELECT count(*) AS n FROM requests WHERE request_json = \'{"_removed": true}\''
  expect(await other.query(removed)).toEqual([{ n: ROWS / 2 }, { n: 0 }])
  await expectWhole(other)
})

sqliteTest('nothing of a bundle with a problem is imported', async () => {
  const space = workspace()
  const file = join(space.folder, 'x.tgz')
  const bytes = readFileSync(bundle)
  writeFileSync(file, bytes.subarray(0, bytes.length - 100))
  expect(await run(space, file)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('BUNDLE_INVALID') })
  const link = { path: 'db/x', content: Buffer.alloc(0), type: 'SymbolicLink' as const, linkpath: '/etc/passwd' }
  await rewrite(bundle, (members) => [...members, link], file)
  expect(await run(space, file)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('unsafe: db/x') })
  const outside = {
    path: 'db/../../outside.sqlite3',
    content: (await membersOf(bundle))[1]?.content ?? Buffer.alloc(0),
  }
  writeFileSync(file, tgz([manifestFor([outside]), outside]))
  expect(await run(space, file)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('leaves its folder') })
  const last = (await membersOf(bundle)).toReversed()
  writeFileSync(file, tgz([...last, link]))
  expect(await run(space, file)).toMatchObject({ exitCode: 1 })
  expect(space.partitions()).toEqual([])
  expect(readdirSync(space.folder).sort()).toEqual(['logs', 'x.tgz'])
})

sqliteTest('a database with a trigger or a table of its own is refused', async () => {
  const space = workspace()
  const [, member] = await membersOf(bundle)
  const copy = join(space.folder, 'copy.sqlite3')
  writeFileSync(copy, member?.content ?? '')
  const db = await openDatabase(copy)
  db.exec('CREATE TRIGGER more AFTER INSERT ON z_req_row BEGIN DELETE FROM z_req_row; END')
  db.close()
  const changed = { path: member?.path ?? '', content: readFileSync(copy) }
  writeFileSync(join(space.folder, 'x.tgz'), tgz([manifestFor([changed]), changed]))
  expect(await run(space, 'x.tgz')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('has other tables') })
  expect(space.partitions()).toEqual([])
})

sqliteTest('a dry run says what would be imported, and makes nothing', async () => {
  const space = workspace()
  const stderr = 'nothing was changed: this was a dry run\n'
  expect(await run(space, bundle, '--dry-run')).toEqual({ exitCode: 0, stdout: lines({ imported: ROWS }), stderr })
  expect(existsSync(space.db)).toBe(false)
})

sqliteTest('a bundle of the predecessor is imported, with its list at the end', async () => {
  const space = workspace()
  const noonS = Date.parse('2025-09-10T12:00:00Z') / 1000
  const rows = Array.from({ length: 20 }, (_, index): PredecessorTuple => {
    const request = `{"messages": [{"content": "old question ${index}", "role": "user"}], "model": "gpt-4"}`
    return [`id-${index}`, 'old', noonS + index, '/v1/x', 'a', 'b', 200, 1.5, '-1', request, '{"a": 1.0}', null]
  })
  const old = join(space.folder, 'old.sqlite3')
  makePredecessorDatabase(old, rows)
  const member = { path: 'db/2025/09/ai_proxy_20250910.sqlite3', content: readFileSync(old) }
  const file = join(space.folder, 'old.tgz')
  writeFileSync(file, tgz([member, manifestFor([member])]))
  expect(await run(space, file)).toEqual({ exitCode: 0, stdout: lines({ imported: 20 }), stderr: '' })
  const stored = await space.query('SELECT * FROM requests ORDER BY ts')
  expect(stored.map((row) => Object.values(row as object))).toEqual(rows)
  expect(await run(space, file)).toMatchObject({ exitCode: 0, stdout: lines({ identical: 20 }) })
  await expectWhole(space)
})

sqliteTest('inspect shows what a bundle holds, wherever its list is', async () => {
  const { exitCode, stdout } = await source.run(['bundle', 'inspect', 'w.tgz'])
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`server_id=${SERVER_ID}\n`)])
  expect(stdout).toMatch(
    /^db\/2025\/09\/ai_proxy_20250909\.sqlite3 bytes=\d+ rows=20 first=2025-09-09T12:00:00Z last=2025/m,
  )
  const last = join(source.folder, 'last.tgz')
  await rewrite(bundle, (members) => members.toReversed(), last)
  expect(await source.run(['bundle', 'inspect', 'last.tgz'])).toMatchObject({ exitCode: 0, stdout })
  writeFileSync(join(source.folder, 'text.tgz'), 'no bundle')
  expect(await source.run(['bundle', 'inspect', 'text.tgz'])).toMatchObject({ exitCode: 1, stdout: '' })
})
