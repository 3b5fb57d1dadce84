import { createHash } from 'node:crypto'
import { existsSync, linkSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import * as backup from '../../../deploy/remote/backup/backup.ts'
import { readArchive } from '../../../deploy/server/backup/archive.ts'
import { renderEnvFile } from '../../../kit/gateway-config/env-file.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { renderRoute } from '../../../templates/route.ts'
import { testAsRoot } from '../../helpers/needs.ts'
import { output } from '../../helpers/process/programs.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const RELEASE = '20261123-101112'
const MANIFEST = {
  version: 1,
  id: RELEASE,
  image: 'ai-proxy:0123456789ab',
  files: { 'config.yml': '', 'context/Dockerfile': '' },
}

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

function listed(archive: string): string[] {
  return output('tar', '-tzf', archive).split('\n').filter(Boolean).toSorted()
}

describe('a backup', () => {
  test('is looked into without being unpacked', async () => {
    const folder = tempFolder(SERVER)
    const path = join(folder, 'b.tar.gz')
    output('tar', '-czf', path, '-C', folder, '.env', 'certs', 'state.json', `releases/${RELEASE}`)
    expect(await readArchive(host, path)).toEqual({
      path,
      isLocal: true,
      manifest: null,
      acmeCa: null,
      hasLogs: false,
      env: 'API_KEYS=key\n',
      isEnvRebuilt: false,
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

describe('a backup of a server that had lost its .env', () => {
  const made = (more: Record<string, string>) => {
    const { '.env': _, ...server } = SERVER
    const files = { 'config.yml': '', 'context/Dockerfile': '', 'gateway.env': '', 'compose.yml': '' }
    const folder = tempFolder({
      ...server,
      [`releases/${RELEASE}/manifest.json`]: JSON.stringify({ ...MANIFEST, files }),
      ...more,
    })
    output('tar', '-czf', join(folder, 'b.tar.gz'), '-C', folder, 'certs', 'edge', `releases/${RELEASE}`)
    return readArchive(host, join(folder, 'b.tar.gz'))
  }

  test('has the values that its release and its route were made of', async () => {
    const archive = await made({
      'edge/dynamic/app.yml': renderRoute({ domain: 'a.example.com', live: RELEASE }, 8123),
      [`releases/${RELEASE}/gateway.env`]: renderEnvFile({ API_KEYS: 'me:key with $', LOG_LEVEL: 'debug' }),
      [`releases/${RELEASE}/compose.yml`]: 'services: { gateway: { user: "1001:1002" } }\n',
    })
    expect(archive.isEnvRebuilt).toBe(true)
    expect(parseDotenv(archive.env).values).toEqual({
      API_KEYS: 'me:key with $',
      LOG_LEVEL: 'debug',
      DOMAIN: 'a.example.com',
      HOST_UID: '1001',
      HOST_GID: '1002',
    })
  })

  test('can be read where nothing is left of them', async () => {
    expect((await made({})).env).toBe('')
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

  test('when its release holds a file that the manifest does not know', async () => {
    const folder = tempFolder({ ...SERVER, [`releases/${RELEASE}/context/proxy/zzz-extra.ts`]: 'evil' })
    expect(await refusal(archived(folder))).toContain(
      `it contains a file that its manifest does not know: releases/${RELEASE}/context/proxy/zzz-extra.ts`,
    )
  })

  /** An archive with backup.json, and what is then changed in it. */
  function withManifest(change: (folder: string) => void): string {
    const folder = tempFolder(SERVER)
    const paths = [
      '.env',
      'certs/acme.json',
      ...['manifest.json', 'config.yml'].map((name) => `releases/${RELEASE}/${name}`),
    ]
    const files = Object.fromEntries(paths.map((path) => [path, sha256(readFileSync(join(folder, path), 'utf8'))]))
    const summary = {
      version: 1,
      counter: 1,
      createdAt: '2026-11-23T12:00:00Z',
      release: RELEASE,
      domain: 'a',
      defaultDomain: null,
    }
    const manifest = { ...summary, hasLogs: false, consistent: true, inconsistent: {}, content: '', files }
    writeFileSync(join(folder, 'backup.json'), JSON.stringify(manifest))
    change(folder)
    output(
      'tar',
      '-czf',
      join(folder, 'b.tar.gz'),
      '-C',
      folder,
      'backup.json',
      ...paths.filter((path) => existsSync(join(folder, path))),
      ...(existsSync(join(folder, 'extra')) ? ['extra'] : []),
    )
    return join(folder, 'b.tar.gz')
  }

  test('when it is not what its backup.json says', async () => {
    expect(
      await readArchive(
        host,
        withManifest(() => {}),
      ),
    ).toMatchObject({ manifest: { counter: 1 }, hasLogs: false })
    const extra = withManifest((folder) => writeFileSync(join(folder, 'extra'), ''))
    expect(await refusal(extra)).toContain('it contains a file that its manifest does not know: extra')
    const changed = withManifest((folder) => writeFileSync(join(folder, '.env'), 'API_KEYS=evil\n'))
    expect(await refusal(changed)).toContain('.env is not what its manifest says')
    const short = withManifest((folder) => rmSync(join(folder, 'certs/acme.json')))
    expect(await refusal(short)).toContain('certs/acme.json is missing')
    const broken = withManifest((folder) => writeFileSync(join(folder, 'backup.json'), '{}'))
    expect(await refusal(broken)).toContain('its backup.json is not a manifest')
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

testAsRoot('certificates come to a server that has none, and go when that is undone', async () => {
  const folder = tempFolder({ 'new/acme.json': 'new' })
  const [source, certs, kept] = [join(folder, 'new'), join(folder, 'certs'), join(folder, 'certs.before')]
  expect((await host.exec(backup.replaceCerts(source, certs, kept))).exitCode).toBe(0)
  expect(readFileSync(join(certs, 'acme.json'), 'utf8')).toBe('new')
  expect((await host.exec(backup.putCertsBack(certs, kept))).exitCode).toBe(0)
  expect([listedFiles(certs), existsSync(kept)]).toEqual([[], false])
})

function listedFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted()
}
