import { createHash } from 'node:crypto'
import { existsSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import * as backup from '../../../deploy/remote/backup.ts'
import { readArchive } from '../../../deploy/server/archive.ts'
import { testAsRoot } from '../../helpers/needs.ts'
import { output } from '../../helpers/process/programs.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const RELEASE = '20261123-101112'
const MANIFEST = { version: 1, id: RELEASE, image: 'ai-proxy:0123456789ab', files: {} }

const SERVER = {
  '.env': 'API_KEYS=key\n',
  'certs/acme.json': '{"letsencrypt":{}}',
  'certs/acme-staging.json': '{}',
  'state.json': '{}',
  'edge/dynamic/app.yml': 'http: {}\n',
  'logs/requests-2026-11-23.jsonl': 'a record\n',
  [`releases/${RELEASE}/manifest.json`]: JSON.stringify(MANIFEST),
  [`releases/${RELEASE}/config.yml`]: 'model_mappings: {}\n',
  [`releases/${RELEASE}/context/Dockerfile`]: 'FROM scratch\n',
  'releases/20200101-000000/config.yml': 'another release\n',
}

const request = (folder: string, second: number) => ({
  folder,
  name: `ai-proxy-backup-20261123-1200${String(second).padStart(2, '0')}.tar.gz`,
  release: RELEASE,
  image: 'ai-proxy:none',
  owner: '1000:1000',
  keep: 3,
  protect: '',
})

function listed(archive: string): string[] {
  return output('tar', '-tzf', archive).split('\n').filter(Boolean).toSorted()
}

describe('a backup', () => {
  test('holds the settings, the certificates and the live release, readable by its owner only', async () => {
    const folder = tempFolder(SERVER)
    const result = await host.exec(backup.makeBackup(request(folder, 1)))
    const path = join(folder, 'backups/ai-proxy-backup-20261123-120001.tar.gz')
    expect(result).toEqual({ exitCode: 0, stdout: `${statSync(path).size}\n`, stderr: '' })
    expect(listed(path)).toEqual([
      '.env',
      'certs/',
      'certs/acme-staging.json',
      'certs/acme.json',
      'edge/dynamic/app.yml',
      'logs/',
      'logs/db/',
      `releases/${RELEASE}/`,
      `releases/${RELEASE}/config.yml`,
      `releases/${RELEASE}/context/`,
      `releases/${RELEASE}/context/Dockerfile`,
      `releases/${RELEASE}/manifest.json`,
      'state.json',
    ])
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    expect(readdirSync(join(folder, 'backups'))).toEqual(['ai-proxy-backup-20261123-120001.tar.gz'])
  })

  test('lets the oldest go, but never one that is being restored, nor a file of another kind', async () => {
    const folder = tempFolder({ ...SERVER, 'backups/notes.txt': '', 'backups/ai-proxy-backup-mine.tar.gz': '' })
    for (const second of [1, 2, 3, 4]) await host.exec(backup.makeBackup(request(folder, second)))
    const seconds = () =>
      readdirSync(join(folder, 'backups')).flatMap((name) => /-1200(\d\d)\.tar\.gz$/.exec(name)?.[1] ?? [])
    expect(seconds()).toEqual(['02', '03', '04'])
    const protect = 'ai-proxy-backup-20261123-120002.tar.gz'
    await host.exec(backup.makeBackup({ ...request(folder, 5), protect }))
    expect(seconds()).toEqual(['02', '03', '04', '05'])
    expect(readdirSync(join(folder, 'backups'))).toContain('notes.txt')
    expect(readdirSync(join(folder, 'backups'))).toContain('ai-proxy-backup-mine.tar.gz')
  })

  test('that cannot be written leaves the others and no half of itself', async () => {
    const folder = tempFolder({ ...SERVER, 'logs/db/2026.sqlite3': 'needs the image, which does not exist' })
    const result = await host.exec(backup.makeBackup(request(folder, 1)))
    expect(result.exitCode).not.toBe(0)
    expect(readdirSync(join(folder, 'backups'))).toEqual([])
  })

  test('is looked into without being unpacked', async () => {
    const folder = tempFolder(SERVER)
    await host.exec(backup.makeBackup(request(folder, 1)))
    const path = join(folder, 'backups/ai-proxy-backup-20261123-120001.tar.gz')
    expect(await readArchive(host, path)).toEqual({
      path,
      isLocal: true,
      env: 'API_KEYS=key\n',
      config: 'model_mappings: {}\n',
      certs: expect.toSatisfy(
        (certs: string[]) => certs.toSorted().join() === 'certs/acme-staging.json,certs/acme.json',
      ),
      release: { manifest: MANIFEST, folder: `releases/${RELEASE}` },
    })
  })

  test('of the predecessor holds settings only', async () => {
    const folder = tempFolder({ '.env': 'A=1\n', 'config.yml': 'model_mappings: {}\n', 'certs/acme.json': '{}' })
    symlinkSync('../elsewhere', join(folder, 'link that is not unpacked'))
    output(
      'tar',
      '-czf',
      join(folder, 'b.tar.gz'),
      '-C',
      folder,
      './.env',
      './config.yml',
      './certs',
      './link that is not unpacked',
    )
    expect(await readArchive(host, join(folder, 'b.tar.gz'))).toMatchObject({
      env: 'A=1\n',
      config: 'model_mappings: {}\n',
      certs: ['./certs/acme.json'],
      release: null,
    })
  })
})

describe('an archive is refused', () => {
  const refusal = async (archive: string) => {
    const error: unknown = await readArchive(host, archive).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'RESTORE_FAILED',
      exitCode: 50,
      hint: 'nothing was changed; choose another one of --list-backups',
    })
    return String(error)
  }

  /** An archive of SERVER with members that tar would not make by itself. */
  function archived(folder: string, ...options: string[]): string {
    const path = join(folder, 'backup.tar.gz')
    output('tar', '-czPf', path, '-C', folder, ...options, '.env', `releases/${RELEASE}`, 'certs')
    return path
  }

  test('when it names an absolute path', async () => {
    const folder = tempFolder(SERVER)
    const path = archived(folder, '--transform', 's,^.*Dockerfile$,/etc/evil,')
    expect(listed(path)).toContain('/etc/evil')
    expect(await refusal(path)).toContain('it names a place outside: /etc/evil')
  })

  test('when it names a folder above', async () => {
    const folder = tempFolder(SERVER)
    const path = archived(folder, '--transform', 's,Dockerfile$,../../../evil,')
    expect(await refusal(path)).toContain(`it names a place outside: releases/${RELEASE}/context/../../../evil`)
  })

  test('when what would be unpacked holds a link', async () => {
    const folder = tempFolder(SERVER)
    symlinkSync('/etc', join(folder, `releases/${RELEASE}/context/kit`))
    expect(await refusal(archived(folder))).toContain(`it contains a link: releases/${RELEASE}/context/kit`)
    const other = tempFolder(SERVER)
    linkSync(join(other, '.env'), join(other, `releases/${RELEASE}/context/hard`))
    expect(await refusal(archived(other))).toContain(`it contains a link: releases/${RELEASE}/context/hard`)
  })

  test('when it is cut off, no archive, or not there', async () => {
    const folder = tempFolder({ ...SERVER, text: 'no archive' })
    const whole = readFileSync(archived(folder))
    const cut = join(tempFolder({ cut: whole.subarray(0, whole.length - 20) }), 'cut')
    for (const path of [cut, join(folder, 'text'), join(folder, 'missing')]) {
      expect(await refusal(path)).toContain(`${path} cannot be restored: cannot read ${path}: `)
    }
  })

  test('when it contains no .env', async () => {
    const folder = tempFolder({ other: '' })
    output('tar', '-czf', join(folder, 'b.tar.gz'), '-C', folder, 'other')
    expect(await refusal(join(folder, 'b.tar.gz'))).toContain('it contains no .env')
  })
})

test('members are unpacked into a separate folder, and nothing else is', async () => {
  const folder = tempFolder({ ...SERVER, 'staging/left over': '' })
  output('tar', '-czf', join(folder, 'b.tar.gz'), '-C', folder, '.env', 'certs', `releases/${RELEASE}`)
  const staging = join(folder, 'staging')
  const members = [`releases/${RELEASE}`, 'certs/acme.json']
  expect((await host.exec(backup.unpackMembers(join(folder, 'b.tar.gz'), staging, members))).exitCode).toBe(0)
  expect(listedFiles(staging)).toEqual([
    'certs/acme.json',
    `releases/${RELEASE}/config.yml`,
    `releases/${RELEASE}/context/Dockerfile`,
    `releases/${RELEASE}/manifest.json`,
  ])
  const absent = await host.exec(backup.unpackMembers(join(folder, 'b.tar.gz'), staging, ['absent']))
  expect(absent.exitCode).not.toBe(0)
})

test('unpacked files are compared with their sums', async () => {
  const folder = tempFolder({ 'a b.ts': 'content' })
  const sum = createHash('sha256').update('content').digest('hex')
  const verify = async (sums: string) => (await host.exec(backup.verifySums(folder), { stdin: sums })).exitCode
  expect(await verify(`${sum}  a b.ts\n`)).toBe(0)
  expect(await verify(`${sum.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))}  a b.ts\n`)).not.toBe(0)
  expect(await verify(`${sum}  missing.ts\n`)).not.toBe(0)
})

testAsRoot('certificates are replaced, and put back as they were', async () => {
  const folder = tempFolder({ 'new/acme.json': 'new', 'certs/acme.json': 'old', 'certs/own.pem': 'mine' })
  const [source, certs, kept] = [join(folder, 'new'), join(folder, 'certs'), join(folder, 'certs.before')]
  for (let round = 0; round < 2; round++) {
    expect((await host.exec(backup.replaceCerts(source, certs, kept))).exitCode).toBe(0)
    expect(listedFiles(certs).map((name) => [name, readFileSync(join(certs, name), 'utf8')])).toEqual([
      ['acme.json', 'new'],
    ])
    expect((statSync(join(certs, 'acme.json')).mode & 0o777).toString(8)).toBe('600')
    for (let again = 0; again < 2; again++) {
      expect((await host.exec(backup.putCertsBack(certs, kept))).exitCode).toBe(0)
      expect(listedFiles(certs)).toEqual(['acme.json', 'own.pem'])
      expect(readFileSync(join(certs, 'acme.json'), 'utf8')).toBe('old')
      expect(existsSync(kept)).toBe(false)
    }
  }
})

function listedFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted()
}
