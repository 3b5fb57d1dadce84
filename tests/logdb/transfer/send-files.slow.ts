import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../../kit/sha256.ts'
import { CHUNK_BYTES } from '../../../logdb/transfer/far-side.ts'
import { parseDestination } from '../../../logdb/transfer/send-files.ts'
import {
  cutAfter,
  cutAndContinue,
  MIB,
  randomFile,
  type Sending,
  sendWhole,
  trustHostKey,
} from '../../helpers/logdb/sent-files.ts'
import { digests, workspace } from '../../helpers/logdb/workspace.ts'
import { isRoot, needing } from '../../helpers/needs.ts'
import { compiledLogdb } from '../../helpers/process/compiled-package.ts'
import { seededRandom } from '../../helpers/random.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'
import { sharedTempFolder, tempFolder } from '../../helpers/temp-folder.ts'

/** Ends in the middle of a chunk. */
const SIZE = 5 * CHUNK_BYTES + 12_345
const folder = sharedTempFolder()
const source = randomFile(folder, 'week.tgz', SIZE, 1)

const UNSHARE = ['--user', '--map-root-user']
const mayUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0

/** Overwrites a byte. */
function damage(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8((bytes[offset] ?? 0) ^ 1, offset)
  writeFileSync(path, bytes)
}

describeWithSshServer('over a real sshd', (server) => {
  beforeAll(() => trustHostKey(server()))

  const sending = (name: string): [Sending, string] => {
    const to = join(server().folder, 'arrived', name)
    return [{ source, destination: `server:${to}`, sshConfig: server().sshConfig }, to]
  }

  test('what was cut off at 90 % sends at most two chunks again', async () => {
    const [to, arrivedAt] = sending('ninety.tgz')
    const cutAt = Math.floor(0.9 * SIZE)
    await cutAfter(to, cutAt)
    expect((await sendWhole(to)).sentBytes).toBeLessThanOrEqual(SIZE - cutAt + 2 * CHUNK_BYTES)
    expect(digests([arrivedAt])).toEqual(digests([source]))
  })

  test('a part that was damaged, or belongs to another file, is repaired', async () => {
    const [to, arrivedAt] = sending('damaged.tgz')
    const part = `${arrivedAt}.part`
    writeFileSync(part, readFileSync(source))
    damage(part, CHUNK_BYTES + 5)
    expect((await sendWhole(to)).sentBytes).toBe(CHUNK_BYTES)
    writeFileSync(part, Buffer.alloc(SIZE + MIB, 'x'))
    truncateSync(arrivedAt, 3)
    expect((await sendWhole(to)).sentBytes).toBe(SIZE)
    expect(digests([arrivedAt])).toEqual(digests([source]))
  })

  test('the command prints sizes, sums and what was verified, and does nothing twice', async () => {
    const { run } = workspace()
    const small = ['one.tgz', 'two 2.tgz'].map((name, index) => randomFile(folder, name, MIB + index, index))
    const to = `${server().user}@server:${join(server().folder, 'a folder')}/`
    const send = (...args: string[]) => run(['bundle', 'transfer', ...args, '--ssh-config', server().sshConfig])
    const { exitCode, stdout, stderr } = await send(...small, to)
    expect([exitCode, stderr]).toEqual([0, ''])
    const lines = small.map((path) => `${path} bytes=${statSync(path).size} sha256=${digests([path])[0]} verify=ok\n`)
    expect(stdout).toBe(lines.join(''))
    const again = JSON.parse((await send(...small, to, '--json')).stdout)
    expect(again.result.map(({ sent_bytes }: { sent_bytes: number }) => sent_bytes)).toEqual([0, 0])
    expect((await send(small[0] ?? '', to)).stdout).toBe(lines[0]?.replace(`${small[0]} `, ''))
    expect(readdirSync(join(server().folder, 'a folder')).sort()).toEqual(['one.tgz', 'two 2.tgz'])
  })

  test('what root sends belongs to the owner of its folder, with the folders that are missing', async () => {
    const theirs = join(server().folder, 'theirs')
    mkdirSync(theirs)
    chownSync(theirs, 1234, 1235)
    await sendWhole({ source, destination: `server:${theirs}/new/deep one/`, sshConfig: server().sshConfig })
    const owners = ['new', 'new/deep one', 'new/deep one/week.tgz'].map((name) => statSync(join(theirs, name)))
    expect(owners.map(({ uid, gid }) => [uid, gid])).toEqual(Array(3).fill([1234, 1235]))
    expect(owners.map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o700, 0o600])
  })

  test('a server that disappears, or refuses, is named, and what has arrived stays', async () => {
    const { run } = workspace()
    const [to, arrivedAt] = sending('gone.tgz')
    await cutAfter(to, 3 * CHUNK_BYTES)
    const before = statSync(`${arrivedAt}.part`).size
    expect(before).toBeGreaterThan(0)
    const send = (destination: string) => {
      return run(['bundle', 'transfer', source, destination, '--ssh-config', server().sshConfig])
    }
    const unknown = await send('nobody@server:/tmp/x.tgz')
    expect([unknown.exitCode, unknown.stderr]).toEqual([6, expect.stringContaining('REMOTE_UNREACHABLE')])
    const refused = await send('server:/proc/x.tgz')
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('TRANSFER_FAILED')])
    expect(statSync(`${arrivedAt}.part`).size).toBeGreaterThanOrEqual(before)
  })
})

describe('on this machine', () => {
  test('a file goes to a file, or into a folder', async () => {
    const { run, folder: here } = workspace()
    const file = randomFile(here, 'a.tgz', 1000, 2)
    mkdirSync(join(here, 'there'))
    const line = `bytes=1000 sha256=${sha256(readFileSync(file))} verify=ok\n`
    for (const to of ['there', './new/', 'other.tgz']) {
      expect(await run(['bundle', 'transfer', 'a.tgz', to])).toEqual({ exitCode: 0, stdout: line, stderr: '' })
    }
    expect(digests(['there/a.tgz', 'new/a.tgz', 'other.tgz'].map((name) => join(here, name)))).toEqual(
      Array.from({ length: 3 }, () => sha256(readFileSync(file))),
    )
    expect((await run(['bundle', 'transfer', 'a.tgz'])).exitCode).toBe(2)
    expect((await run(['bundle', 'transfer', 'missing.tgz', 'x'])).exitCode).toBe(1)
  })

  test('what is there and is not a file is not replaced', async () => {
    const { run, folder: here } = workspace()
    symlinkSync('/dev/null', join(here, 'null'))
    const { exitCode, stderr } = await run(['bundle', 'transfer', source, 'null'])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('null is there already and is not a file')])
    expect(readlinkSync(join(here, 'null'))).toBe('/dev/null')
    expect(existsSync(join(here, 'null.part'))).toBe(false)
  })

  // In this namespace root may give nothing to another user.
  needing('root, or unshare,', isRoot && mayUnshare)('what cannot be given to another user arrives as it is', () => {
    const { folder: here } = workspace()
    const theirs = join(here, 'theirs')
    mkdirSync(theirs)
    chmodSync(theirs, 0o777)
    chownSync(theirs, 1234, 1235)
    const send = [process.execPath, compiledLogdb(), 'bundle', 'transfer', source, `${theirs}/new/`]
    const { status, stderr } = spawnSync('unshare', [...UNSHARE, ...send], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    expect(statSync(join(theirs, 'new/week.tgz')).uid).toBe(process.getuid?.())
  })

  test('two files of one name do not go to one folder, and nothing is sent', async () => {
    const { run, folder: here } = workspace()
    const others = ['one', 'two'].map((name, seed) => randomFile(join(here, name), 'week.tgz', MIB, seed))
    const { exitCode, stderr } = await run(['bundle', 'transfer', ...others, 'there/'])
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('have the same name')])
    expect(existsSync(join(here, 'there'))).toBe(false)
    expect(await run(['bundle', 'transfer', `${others[0]}`, `${others[0]}`, 'there/'])).toMatchObject({ exitCode: 0 })
  })

  test('where ssh is not installed, it says so', () => {
    const send = [compiledLogdb(), 'bundle', 'transfer', source, 'backup:copies/']
    const { status, stderr } = spawnSync(process.execPath, send, { env: { PATH: '/nowhere' }, encoding: 'utf8' })
    expect([status, stderr]).toEqual([6, expect.stringContaining('ssh is not installed here')])
  })

  test('an empty file arrives, and a cut is continued', async () => {
    const to = tempFolder()
    const empty = randomFile(to, 'empty', 0, 1)
    expect(await sendWhole({ source: empty, destination: join(to, 'copy') })).toMatchObject({ sizeBytes: 0 })
    expect(existsSync(join(to, 'copy'))).toBe(true)
    await cutAndContinue({ source, destination: join(to, 'week') }, join(to, 'week'), seededRandom(3))
  })

  test('a destination has a host if a colon comes before any slash', () => {
    const parsed = ['host:/a:b', 'me@host:a', 'host:', '[::1]:/a', './a:b', '/a:b', 'a'].map(parseDestination)
    expect(parsed).toEqual([
      { host: 'host', path: '/a:b' },
      { host: 'me@host', path: 'a' },
      { host: 'host', path: './' },
      { host: '::1', path: '/a' },
      { host: undefined, path: './a:b' },
      { host: undefined, path: '/a:b' },
      { host: undefined, path: 'a' },
    ])
  })
})
