import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import type { BundleProblem } from '../../../../logdb/bundle/verify/checker.ts'
import { verifyBundle } from '../../../../logdb/bundle/verify/verify-bundle.ts'
import { fill, manifestFor, rewrite, type TarMember, tarBlocks, tgz } from '../../../helpers/logdb/bundles.ts'
import { hasSqlite, sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'
import { sharedTempFolder, tempFolder } from '../../../helpers/temp-folder.ts'

const space = workspace(sharedTempFolder())
const good = join(space.folder, 'w.tgz')
const DB = 'db/2025/09/ai_proxy_20250910.sqlite3'
const LOG = 'raw/requests-2025-09-10.jsonl'

beforeAll(async () => {
  if (!hasSqlite) return
  await fill(space, ['2025-09-10'])
  await space.run(['bundle', 'create', '--include-raw', '--out', 'w.tgz'])
})

/** Problems of a bundle with these bytes. */
async function problemsOf(bytes: Buffer): Promise<BundleProblem[]> {
  const path = join(tempFolder(), 'x.tgz')
  writeFileSync(path, bytes)
  return (await verifyBundle({ path })).problems
}

/** Problems of the good bundle after a change of its members. */
async function problemsAfter(change: (members: TarMember[]) => readonly TarMember[]): Promise<BundleProblem[]> {
  const path = join(tempFolder(), 'x.tgz')
  await rewrite(good, change, path)
  return (await verifyBundle({ path })).problems
}

const replaced = (path: string, change: (content: Buffer) => Buffer) => (members: TarMember[]) =>
  members.map((member) => (member.path === path ? { ...member, content: change(member.content) } : member))

const flipped = (at: number) => (content: Buffer) => {
  const copy = Buffer.from(content)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

sqliteTest('a whole bundle is ok, also written again by another program', async () => {
  expect(await space.run(['bundle', 'verify', 'w.tgz'])).toEqual({ exitCode: 0, stdout: 'ok\n', stderr: '' })
  expect(await problemsAfter((members) => members)).toEqual([])
  expect(await problemsAfter((members) => members.toReversed())).toEqual([])
})

sqliteTest('a changed bundle fails, and each problem is named on stderr with its place', async () => {
  await rewrite(good, replaced(DB, flipped(5000)), join(space.folder, 'changed.tgz'))
  const { exitCode, stdout, stderr } = await space.run(['bundle', 'verify', 'changed.tgz'])
  expect([exitCode, stdout]).toEqual([1, 'fail\n'])
  expect(stderr).toMatch(
    /changed\.tgz: tampered: db\/2025\/09\/ai_proxy_20250910\.sqlite3: its SHA-256 is [0-9a-f]{64}, and/,
  )
  expect(stderr).toContain('(BUNDLE_INVALID, exit code 1)')
  const { stdout: json } = await space.run(['bundle', 'verify', 'changed.tgz', '--json'])
  expect(JSON.parse(json)).toMatchObject({
    ok: false,
    result: { problems: [{ kind: 'tampered', member: DB }] },
    error: { code: 'BUNDLE_INVALID' },
  })
})

sqliteTest('each member, and each byte of the list, is guarded', async () => {
  expect(await problemsAfter(replaced(LOG, flipped(10)))).toMatchObject([{ kind: 'tampered', member: LOG }])
  const longer = replaced(LOG, (content) => Buffer.concat([content, Buffer.from('x')]))
  expect(await problemsAfter(longer)).toMatchObject([{ kind: 'tampered', member: LOG }])
  expect(await problemsAfter((members) => longer(members).toReversed())).toMatchObject([
    { kind: 'tampered', member: LOG },
  ])
  expect(await problemsAfter((all) => all.filter(({ path }) => path !== DB))).toMatchObject([
    { kind: 'missing', member: DB },
  ])
  const more = { path: 'db/more.sqlite3', content: Buffer.from('SQLite format 3\0') }
  expect(await problemsAfter((all) => [...all, more])).toMatchObject([{ kind: 'unlisted', member: more.path }])
  expect(await problemsAfter((all) => [more, ...all])).toMatchObject([{ kind: 'unlisted', member: more.path }])
  const other = replaced('metadata.json', (text) =>
    Buffer.from(text.toString().replace(/"sha256": "./, '"sha256": "z')),
  )
  expect(await problemsAfter(other)).toMatchObject([{ kind: 'not a bundle' }])
})

sqliteTest('a bundle that ends early says where, whether its file or its archive does', async () => {
  const bytes = readFileSync(good)
  for (const part of [0.1, 0.5, 0.99]) {
    const cut = bytes.subarray(0, Math.floor(bytes.length * part))
    const problems = await problemsOf(cut)
    expect(problems).toMatchObject([{ kind: 'truncated', message: expect.stringContaining(`${cut.length} bytes`) }])
  }
  expect(await problemsOf(bytes.subarray(0, bytes.length - 4))).toMatchObject([{ kind: 'truncated' }])
  const content = gunzipSync(bytes)
  const within = await problemsOf(gzipSync(content.subarray(0, content.length - 5000), { level: 1 }))
  expect(within).toMatchObject([{ kind: 'truncated', message: expect.stringContaining(`within ${LOG}`) }])
  const withoutEnd = gzipSync(content.subarray(0, content.length - 1024), { level: 1 })
  expect(await problemsOf(withoutEnd)).toMatchObject([{ kind: 'truncated' }])
})

sqliteTest('damage of the compressed data, and what follows it, is found', async () => {
  const bytes = readFileSync(good)
  for (const at of [bytes.length - 2, bytes.length - 6]) {
    expect(await problemsOf(flipped(at)(bytes))).toMatchObject([{ kind: 'damaged' }])
  }
  expect(await problemsOf(Buffer.concat([bytes, Buffer.from('more')]))).toMatchObject([{ kind: 'damaged' }])
  expect(await problemsOf(Buffer.concat([bytes, gzipSync('more')]))).toMatchObject([{ kind: 'damaged' }])
})

test('what is not a bundle says so', async () => {
  const one = { path: 'db/x', content: Buffer.alloc(0) }
  for (const bytes of [
    Buffer.from('a text'),
    Buffer.alloc(0),
    tgz([]),
    tgz([one]),
    gzipSync('a text of no archive'.repeat(99)),
  ]) {
    const problems = await problemsOf(bytes)
    expect([bytes.length, problems.length > 0]).toEqual([bytes.length, true])
  }
  expect(await problemsOf(Buffer.from('a text'))).toMatchObject([{ kind: 'not a bundle' }])
  expect(await problemsOf(tgz([one]))).toMatchObject([{ kind: 'not a bundle', member: 'metadata.json' }])
  const wrong = { path: 'metadata.json', content: Buffer.from('{"files": 1}') }
  expect(await problemsOf(tgz([wrong]))).toMatchObject([{ kind: 'not a bundle' }])
})

test.each([
  ['a symbolic link', { path: 'db/x', content: Buffer.alloc(0), type: 'SymbolicLink', linkpath: '/etc/passwd' }],
  ['a hard link', { path: 'db/x', content: Buffer.alloc(0), type: 'Link', linkpath: 'metadata.json' }],
  ['a device', { path: 'db/x', content: Buffer.alloc(0), type: 'CharacterDevice' }],
  ['a pipe', { path: 'db/x', content: Buffer.alloc(0), type: 'FIFO' }],
  ['a folder', { path: 'db/x', content: Buffer.alloc(0), type: 'Directory' }],
  ['an absolute path', { path: '/etc/cron.d/x', content: Buffer.alloc(0) }],
  ['a parent path', { path: 'db/../../x', content: Buffer.alloc(0) }],
  ['a path with a line feed', { path: 'db/a\nb', content: Buffer.alloc(0) }],
] satisfies [string, TarMember][])('%s is refused, even if it is listed', async (_, member) => {
  const problems = await problemsOf(tgz([manifestFor([member]), member]))
  expect(problems).toContainEqual({ kind: 'unsafe', member: member.path, message: expect.any(String) })
})

test('a member, or a line of the list, that comes twice is refused', async () => {
  const member = { path: 'raw/x', content: Buffer.from('one') }
  const twice = [manifestFor([member]), member, { ...member, content: Buffer.from('two') }]
  expect(await problemsOf(tgz(twice))).toMatchObject([{ kind: 'unsafe', member: 'raw/x' }])
  expect(await problemsOf(tgz([manifestFor([member, member]), member]))).toMatchObject([{ kind: 'unsafe' }])
})

test('an archive that unpacks to very much more than its size is not read to its end', async () => {
  const member = { path: 'raw/x', content: Buffer.alloc(1024) }
  const [list] = [manifestFor([member])]
  const zeros = Buffer.alloc(64 * 1024 * 1024)
  const head = tarBlocks([{ path: 'raw/bomb', content: Buffer.alloc(0) }])
  ;new (await import('tar')).Header({ path: 'raw/bomb', size: 100 * zeros.length, type: 'File', mode: 0o644 }).encode(
    head,
  )
  const one = gzipSync(zeros, { level: 1 })
  const bomb = Buffer.concat([
    gzipSync(Buffer.concat([tarBlocks([list]), head])),
    ...Array.from({ length: 100 }, () => one),
  ])
  expect(await problemsOf(bomb)).toContainEqual({ kind: 'unsafe', message: expect.stringContaining('200 times') })
})

test('a database that is none is found', async () => {
  const member = { path: 'db/2025/09/ai_proxy_20250910.sqlite3', content: Buffer.from('no database at all') }
  expect(await problemsOf(tgz([manifestFor([member]), member]))).toMatchObject([{ kind: 'damaged' }])
})

test('a bundle that is not there is an error of its file', async () => {
  const path = join(tempFolder(), 'none.tgz')
  await expect(verifyBundle({ path })).rejects.toThrow('ENOENT')
  const file = join(space.folder, 'short.tgz')
  writeFileSync(file, 'x')
  truncateSync(file)
  expect((await verifyBundle({ path: file })).problems).toMatchObject([{ kind: 'truncated' }])
})
