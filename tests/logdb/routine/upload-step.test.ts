import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { beginUpload } from '../../../kit/object-store/multipart.ts'
import { ObjectRequests } from '../../../kit/object-store/requests.ts'
import { uploadStep } from '../../../logdb/routine/upload/upload-step.ts'
import { readSettings } from '../../../logdb/settings.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { digests, SERVER_ID, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { type S3Server, useS3Server } from '../../helpers/server/s3-server.ts'

const server = useS3Server()
const BUNDLE = 'day-2025-09-10.tgz'

/** With a bundle of a day, as auto makes it. */
async function withBundle(): Promise<Workspace & { bundles: string }> {
  const space = workspace()
  space.write('requests-2025-09-10.jsonl', jsonl([record()]))
  await space.ingest()
  await space.run(['bundle', 'create', '--out', `bundles/${BUNDLE}`])
  return { ...space, bundles: join(space.folder, 'bundles') }
}

function toBucket({ settings }: S3Server, prefix: string) {
  const { endpoint = '', region, accessKeyId, secretAccessKey } = settings
  return {
    LOGDB_AUTO_TO: `s3://bucket/${prefix}`,
    BACKUP_S3_ENDPOINT: endpoint,
    BACKUP_S3_REGION: region,
    BACKUP_S3_ACCESS_KEY_ID: accessKeyId,
    BACKUP_S3_SECRET_ACCESS_KEY: secretAccessKey,
  }
}

const upload = /^auto: upload day-2025-09-10\.tgz to .* bytes=\d+ verify=ok$/m

sqliteTest('bundles are copied to a folder once, with what belongs next to them', async () => {
  const { run, folder, bundles } = await withBundle()
  writeFileSync(join(bundles, 'my own.tgz'), 'of others')
  const { exitCode, stdout, stderr } = await run(['auto', '--to', 'copies/of this server'])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(upload)
  const copies = join(folder, 'copies/of this server')
  const names = [BUNDLE, `${BUNDLE}.metadata.json`]
  expect(readdirSync(copies).sort()).toEqual(names)
  expect(digests(names.map((name) => join(copies, name)))).toEqual(digests(names.map((name) => join(bundles, name))))
  expect((await run(['auto', '--to', 'copies/of this server'])).stdout).not.toContain('upload')
  expect((await run(['auto'], { LOGDB_AUTO_TO: 'others' })).stdout).toMatch(upload)
  expect((await run(['auto'], { LOGDB_AUTO_TO: ' ' })).stdout).not.toContain('upload')
})

sqliteTest('a damaged bundle is not copied, and another one of the same name stays', async () => {
  const { run, folder, bundles } = await withBundle()
  const bytes = readFileSync(join(bundles, BUNDLE))
  mkdirSync(join(folder, 'there'))
  writeFileSync(join(folder, 'there', BUNDLE), 'of another server')
  copyFileSync(join(bundles, BUNDLE), join(bundles, 'day-2025-09-09.tgz'))
  writeFileSync(join(bundles, 'day-2025-09-08.tgz'), bytes.subarray(0, bytes.length / 2))
  const { exitCode, stdout, stderr } = await run(['auto', '--to', 'there'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('BUNDLE_INVALID')
  expect(stderr).toContain(`${BUNDLE} is there already, with other content`)
  expect(stdout).toMatch(/^auto: upload day-2025-09-09\.tgz/m)
  expect(existsSync(join(folder, 'there/day-2025-09-08.tgz'))).toBe(false)
  expect(readFileSync(join(folder, 'there', BUNDLE), 'utf8')).toBe('of another server')
})

sqliteTest('bundles are copied to a bucket, which is asked only once', async () => {
  const { run } = await withBundle()
  const s3 = server()
  const env = toBucket(s3, 'server-1/')
  expect((await run(['auto'], env)).stdout).toMatch(upload)
  expect(s3.requests.filter((request) => request.startsWith('PUT'))).toEqual([
    `PUT /bucket/server-1/${BUNDLE}.metadata.json`,
    `PUT /bucket/server-1/${BUNDLE}`,
  ])
  s3.requests.length = 0
  expect(await run(['auto', '--quiet'], env)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(s3.requests).toEqual([])
  const { BACKUP_S3_REGION, ...incomplete } = env
  const refused = await run(['auto', '--json'], incomplete)
  expect([refused.exitCode, refused.stderr]).toEqual([
    2,
    expect.stringContaining('LOGDB_AUTO_TO needs BACKUP_S3_REGION'),
  ])
  expect(JSON.parse(refused.stdout).error).toMatchObject({ code: 'CONFIG_INVALID' })
  const typed = await run(['auto', '--to', 's3://bucket/b'], incomplete)
  expect([typed.exitCode, typed.stdout]).toEqual([2, ''])
  const denied = await run(['auto', '--to', 's3://bucket/b'], { ...env, BACKUP_S3_SECRET_ACCESS_KEY: 'wrong' })
  expect([denied.exitCode, denied.stderr]).toEqual([1, expect.stringContaining('TRANSFER_FAILED')])
})

sqliteTest('parts of bundles that nobody continues for a day are removed, and no others', async () => {
  const { run, bundles } = await withBundle()
  const s3 = server()
  const requests = new ObjectRequests(s3.settings)
  const begin = async (key: string) => (await beginUpload(requests, { key })).id
  await begin(`lost/${BUNDLE}`)
  const [other, elsewhere, known] = [
    await begin('lost/mine.bin'),
    await begin(BUNDLE),
    await begin('lost/day-2025-09-09.tgz'),
  ]
  s3.uploads.makeOlder()
  const young = await begin(`lost/${BUNDLE}`)
  const started = { id: known, partBytes: 1, sha256: '', tags: [] }
  writeFileSync(join(bundles, 'day-2025-09-09.tgz'), 'damaged')
  writeFileSync(
    join(bundles, '.sent.json'),
    JSON.stringify({ 's3://bucket/lost': { started: { 'day-2025-09-09.tgz': started, 'x.tgz': null } }, other: 1 }),
  )
  expect((await run(['auto'], toBucket(s3, 'lost'))).stdout).toMatch(upload)
  expect(
    s3.uploads
      .all()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([other, elsewhere, known, young].sort())
})

sqliteTest('a store that lists no uploads gets its bundles', async () => {
  const { run } = await withBundle()
  const s3 = server()
  s3.fault = ({ url }) => (url?.includes('uploads') ? 501 : undefined)
  const { exitCode, stdout, stderr } = await run(['auto'], toBucket(s3, 'unlisted'))
  expect([exitCode, stderr, stdout]).toEqual([0, '', expect.stringMatching(upload)])
})

sqliteTest('a folder on a disk with little room gets nothing', async () => {
  const { bundles, logs, db, folder } = await withBundle()
  const destination = join(folder, 'full')
  const step = uploadStep(async () => ({ kind: 'folder', destination }), Number.MAX_SAFE_INTEGER)
  const context = { from: logs, out: db, bundles, settings: readSettings({}), waitMs: 0, signal: undefined }
  expect(await step.run(context)).toMatchObject({ lines: [], failure: { code: 'DISK_FULL' } })
  expect(existsSync(destination)).toBe(false)
})

/** A request of now. */
const recent = (id: string) => record({ timestamp: new Date().toISOString(), x_request_id: id })
const LOG = `requests-${new Date().toISOString().slice(0, 10)}.jsonl`
const RECENT = `recent-${SERVER_ID}.tgz`

sqliteTest('days without a bundle of their own are copied in one, and again when they have more', async () => {
  const { run, write, folder } = await withBundle()
  const first = recent('first')
  write(LOG, jsonl([first]))
  const auto = () => run(['auto', '--to', 'copies'])
  expect((await auto()).stdout).toContain(`auto: upload ${RECENT} to `)
  expect((await auto()).stdout).not.toContain('upload')
  write(LOG, jsonl([first, recent('second')]))
  expect((await auto()).stdout).toContain(`auto: upload ${RECENT} to `)
  expect(readdirSync(join(folder, 'copies'))).toContain(`${RECENT}.metadata.json`)
  const lost = await run(['bundle', 'import', `copies/${RECENT}`, '--dest', 'new/db'])
  expect([lost.stdout, lost.stderr]).toEqual([expect.stringContaining('imported=2'), ''])
})

sqliteTest('the bundle of recent days replaces its copy in a bucket, but no other object', async () => {
  const { run, write, bundles } = await withBundle()
  const s3 = server()
  const requests = new ObjectRequests(s3.settings)
  const put = (key: string) => requests.send({ method: 'PUT', key, body: Buffer.from('earlier'), what: 'store' })
  await Promise.all([put(`now/${BUNDLE}`), put(`now/${RECENT}`)])
  write(LOG, jsonl([recent('first')]))
  const { stderr, stdout } = await run(['auto'], toBucket(s3, 'now'))
  expect(stderr).toContain(`now/${BUNDLE} is there already, with other content`)
  expect(stdout).toContain(`auto: upload ${RECENT} to s3://bucket/now`)
  const stored = await requests.send({ method: 'GET', key: `now/${RECENT}`, what: 'get' })
  expect(Buffer.from(await stored.arrayBuffer()).equals(readFileSync(join(bundles, RECENT)))).toBe(true)
})
