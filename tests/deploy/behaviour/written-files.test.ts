import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import * as files from '../../../deploy/remote/files.ts'
import { putFile, sendTar } from '../../../deploy/server/transfer.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('a file that is written', () => {
  test('appears with its content and mode, and its folder with it', async () => {
    const path = join(tempFolder(), 'a b/new folder/it’s.txt')
    await putFile(host, path, 'line\n\n é 🙂 \\ $HOME', { mode: '600' })
    expect(readFileSync(path, 'utf8')).toBe('line\n\n é 🙂 \\ $HOME')
    expect(mode(path)).toBe('600')
    await putFile(host, path, '')
    expect(readFileSync(path, 'utf8')).toBe('')
    expect(mode(path)).toBe('644')
    expect(readdirSync(join(path, '..'))).toEqual(['it’s.txt'])
  })

  test('replaces the previous one by a rename, so that its readers see the old one or the new one whole', async () => {
    const folder = tempFolder({ file: 'old' })
    const path = join(folder, 'file')
    const before = statSync(path).ino
    await putFile(host, path, 'new')
    expect(statSync(path).ino).not.toBe(before)
  })

  test('stays as it was when the connection breaks half-way', async () => {
    const folder = tempFolder({ file: 'old' })
    const path = join(folder, 'file')
    const result = await host.exec(files.writeFile(path, '644', sha256('the whole text')), { stdin: 'the whole' })
    expect(result).toEqual({ exitCode: 1, stdout: '', stderr: 'the content did not arrive whole\n' })
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['file'])
  })
})

test('a first deploy makes the folders, and a later one leaves them as they are', async () => {
  const folder = join(tempFolder(), 'ai-proxy')
  const make = files.makeFolders(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0)
  expect(await host.exec(make)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  const modes = () => readdirSync(folder).map((name) => `${name} ${mode(join(folder, name))}`)
  expect(modes()).toEqual(['backups 700', 'certs 700', 'edge 755', 'logs 755', 'releases 755', 'scripts 755'])
  expect(readdirSync(join(folder, 'edge'))).toEqual(['dynamic'])
  await host.exec(['chmod', '750', join(folder, 'logs'), join(folder, 'certs')])
  await host.exec(make)
  expect(modes()).toEqual(['backups 700', 'certs 750', 'edge 755', 'logs 750', 'releases 755', 'scripts 755'])
})

describe('a release that is unpacked', () => {
  const release = [
    { path: 'context/kit/a.ts', content: Buffer.from('a') },
    { path: 'config.yml', content: Buffer.from('c') },
    { path: 'gateway.env', content: Buffer.from('SECRET=1') },
  ]

  test('has its files, secret ones readable by their owner only', async () => {
    const target = join(tempFolder(), 'releases/1')
    await sendTar(host, 'upload', release, files.unpackFolder(target))
    expect(readdirSync(target, { recursive: true, encoding: 'utf8' }).toSorted()).toEqual([
      'config.yml',
      'context',
      'context/kit',
      'context/kit/a.ts',
      'gateway.env',
    ])
    expect(readFileSync(join(target, 'context/kit/a.ts'), 'utf8')).toBe('a')
    expect([mode(join(target, 'gateway.env')), mode(join(target, 'config.yml'))]).toEqual(['600', '644'])
  })

  test('leaves nothing when the connection breaks half-way', async () => {
    const folder = tempFolder()
    const target = join(folder, '1')
    const whole = await packed(folder)
    for (const size of [0, 10, whole.length - 1]) {
      const { exitCode } = await host.exec(files.unpackFolder(target), { stdin: whole.subarray(0, size) })
      expect(exitCode).not.toBe(0)
    }
    expect(readdirSync(folder)).toEqual(['packed'])
  })

  test('never replaces a release that is there', async () => {
    const target = join(tempFolder({ '1/mine': 'mine' }), '1')
    await expect(sendTar(host, 'upload', release, files.unpackFolder(target))).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^cannot upload: mv: /),
    })
    expect(readdirSync(target)).toEqual(['mine'])
  })

  test('may take its build context from another one', async () => {
    const folder = tempFolder({ 'old/context/kit/a.ts': 'old a', 'old/config.yml': 'old' })
    const target = join(folder, 'new')
    const own = release.filter(({ path }) => !path.startsWith('context/'))
    await sendTar(host, 'upload', own, files.unpackFolder(target, join(folder, 'old/context')))
    expect(readFileSync(join(target, 'context/kit/a.ts'), 'utf8')).toBe('old a')
    expect(readFileSync(join(target, 'config.yml'), 'utf8')).toBe('c')
    const broken = await host.exec(files.unpackFolder(join(folder, 'broken'), join(folder, 'old/context')))
    expect(broken.exitCode).not.toBe(0)
    expect(readdirSync(folder).toSorted()).toEqual(['new', 'old'])
  })

  /** A gzipped tar as it goes over the wire. */
  async function packed(folder: string): Promise<Buffer> {
    const path = join(folder, 'packed')
    await sendTar(host, 'pack', release, files.receiveFile(path))
    return readFileSync(path)
  }
})

test('lines are appended to a file that only its owner may read', async () => {
  const path = join(tempFolder(), 'audit.jsonl')
  for (const line of ['{"a":1}\n', '{"b":2}\n']) await host.exec(files.appendLine(path), { stdin: line })
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":2}\n')
  expect(mode(path)).toBe('600')
})

test('`current` points to another release afterwards, not into the previous one', async () => {
  const folder = tempFolder({ 'releases/1/x': '', 'releases/2/x': '' })
  symlinkSync('releases/1', join(folder, 'current'))
  await host.exec(files.pointTo(join(folder, 'current'), 'releases/2'))
  expect(readlinkSync(join(folder, 'current'))).toBe('releases/2')
  expect(readdirSync(join(folder, 'releases/1'))).toEqual(['x'])
})

test('the reserve takes its space once, and is written whole again where it is not', async () => {
  const folder = tempFolder()
  const path = join(folder, '.reserve')
  await host.exec(files.keepReserve(path))
  const { size, ino, mtimeMs } = statSync(path)
  expect(size).toBe(1024 ** 2)
  await host.exec(files.keepReserve(path))
  expect(statSync(path)).toMatchObject({ ino, mtimeMs })
  writeFileSync(path, 'half')
  expect((await host.exec(files.keepReserve(path))).exitCode).toBe(0)
  expect(statSync(path).size).toBe(1024 ** 2)
  expect((await host.exec(files.keepReserve(join(folder, 'no/folder')))).exitCode).toBe(1)
})

test('a folder named `current` is moved aside, with all that is in it', async () => {
  const folder = tempFolder({ 'releases/1/x': '', 'current/mine': '' })
  await host.exec(files.pointTo(join(folder, 'current'), 'releases/1'))
  expect(readlinkSync(join(folder, 'current'))).toBe('releases/1')
  const [aside = ''] = readdirSync(folder).filter((name) => name.startsWith('current.before-'))
  expect(readdirSync(join(folder, aside))).toEqual(['mine'])
})

test('a tree is removed with all that is in it; a missing one is not an error', async () => {
  const folder = tempFolder({ 'a/b/c': '' })
  for (const _ of [1, 2]) expect((await host.exec(files.removeTree(join(folder, 'a')))).exitCode).toBe(0)
  expect(readdirSync(folder)).toEqual([])
})

test('a copy brings a file back by one rename, and copies of runs that were cut off are dropped', async () => {
  const folder = tempFolder({ 'app.yml': 'old', 'app.yml.before-1': 'older' })
  const [path, copy] = [join(folder, 'app.yml'), join(folder, 'app.yml.before-2')]
  await putFile(host, path, 'new', { copy })
  await putFile(host, path, 'newer', { copy }) // the first copy of that name is kept
  expect(readFileSync(path, 'utf8')).toBe('newer')
  await host.exec(files.putBack(path, copy))
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect((await host.exec(files.putBack(path, copy))).exitCode).toBe(0)
  await host.exec(files.dropCopies(path))
  expect(readdirSync(folder)).toEqual(['app.yml'])
})
