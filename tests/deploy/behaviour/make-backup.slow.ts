import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { planBackup } from '../../../deploy/plan/backup/plan-backup.ts'
import { newestFirst } from '../../../deploy/server/backup/backup-order.ts'
import { serverLayout } from '../../../deploy/server/layout.ts'
import { gatherFacts } from '../../../deploy/server/read-facts.ts'
import { backUp } from '../../../deploy/steps/changes/back-up.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { renderRoute } from '../../../templates/route.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { output } from '../../helpers/process/programs.ts'
import { IMAGE, useDockerThatRunsHere } from '../../helpers/server/docker-that-runs-here.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const RELEASE = '20261123-101112'
const MANIFEST = { version: 1, id: RELEASE, image: IMAGE, files: {} }
const STATE = { version: 1, live: { release: RELEASE, instance: RELEASE }, previous: null, updatedAt: '' }

const SERVER = {
  '.env': 'API_KEYS=key\n',
  'certs/acme.json': '{"letsencrypt":{}}',
  'state.json': JSON.stringify(STATE),
  'edge/dynamic/app.yml': renderRoute({ domain: 'a.example.com', live: RELEASE }, 8123),
  'edge/acme-ca.pem': 'a CA\n',
  'logs/requests-2026-11-23.jsonl': 'a record\n',
  [`releases/${RELEASE}/manifest.json`]: JSON.stringify(MANIFEST),
  [`releases/${RELEASE}/config.yml`]: 'model_mappings: {}\n',
  'releases/20200101-000000/config.yml': 'another release\n',
}

interface Wanted {
  includesLogs?: boolean
  protects?: string
}

/** Looks at the folder, then backs it up, as a deploy does. */
async function makeBackup(folder: string, at: string, { includesLogs = true, protects }: Wanted = {}) {
  const now = new Date(at)
  const { facts, change } = await planned(folder, now, includesLogs, protects)
  const { signal } = new AbortController()
  const warnings: string[] = []
  const warn = (sentence: string) => void warnings.push(sentence)
  const run = { actor: 'somebody', verb: 'deploy', warn, measured: {} }
  const server = { host, layout: serverLayout(folder), facts, buildContext: [], signal, now, ...run }
  const done = await backUp.run(change, server, () => {})
  if (typeof done === 'string') throw new Error('a backup brings new facts')
  return { path: join(folder, 'backups', change.name), warnings, ...done }
}

async function planned(folder: string, now: Date, includesLogs: boolean, protects: string | undefined) {
  const facts = await gatherFacts(host, folder)
  const owner = { HOST_UID: String(process.getuid?.()), HOST_GID: String(process.getgid?.()) }
  const settings = serverSettings({ DOMAIN: 'a.example.com', ...owner }, false)
  const defaultDomain = 'ai-proxy.203.0.113.7.nip.io'
  return {
    facts,
    change: planBackup(facts, { now, settings, defaultDomain, includesLogs, protects: protects ?? null }),
  }
}

const manifestOf = (archive: string) => JSON.parse(output('tar', '-xzOf', archive, 'backup.json'))
const archives = (folder: string) => readdirSync(join(folder, 'backups')).toSorted()
const at = (minute: number) => `2026-11-23T12:${String(minute).padStart(2, '0')}:00Z`
const nameAt = (minute: number) => `ai-proxy-backup-20261123-12${String(minute).padStart(2, '0')}00.tar.gz`

const programs = useDockerThatRunsHere()

function addDatabase(folder: string, name: string, journal = 'delete'): string {
  const path = join(folder, 'logs/db', name)
  mkdirSync(join(path, '..'), { recursive: true })
  const database = new Database(path)
  database.pragma(`journal_mode = ${journal}`)
  database.exec('CREATE TABLE t (x); INSERT INTO t VALUES (42)')
  database.close()
  return path
}

describe('a backup', () => {
  test('holds what a restore needs and a manifest with the SHA-256 of every file, for its owner only', async () => {
    const folder = tempFolder(SERVER)
    addDatabase(folder, '2026/11/a.sqlite3', 'wal')
    writeFileSync(join(folder, 'logs/db/.server_id'), 'id')
    const { path, done, warnings } = await makeBackup(folder, at(0))
    expect([warnings, done]).toEqual([[], expect.stringContaining(', with the log databases)')])
    const { files, content, ...summary } = manifestOf(path)
    expect(summary).toEqual({
      version: 1,
      counter: 1,
      createdAt: '2026-11-23T12:00:00.000Z',
      release: RELEASE,
      domain: 'a.example.com',
      defaultDomain: 'ai-proxy.203.0.113.7.nip.io',
      hasLogs: true,
      consistent: true,
      inconsistent: {},
    })
    const members = output('tar', '-tzf', path).trimEnd().split('\n')
    expect(members[0]).toBe('backup.json')
    const listed = members.filter((member) => !member.endsWith('/') && member !== 'backup.json').toSorted()
    expect(listed).toEqual([
      '.env',
      'certs/acme.json',
      'edge/acme-ca.pem',
      'edge/dynamic/app.yml',
      'logs/db/.server_id',
      'logs/db/2026/11/a.sqlite3',
      `releases/${RELEASE}/config.yml`,
      `releases/${RELEASE}/manifest.json`,
      'state.json',
    ])
    expect(Object.keys(files).toSorted()).toEqual(listed)
    expect(files['.env']).toBe(sha256(SERVER['.env']))
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    expect(archives(folder)).toEqual([nameAt(0)])
    expect(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))).toEqual({ ...STATE, backups: 1 })
  })

  test('names databases that cannot be copied, and holds them as they are, with the -wal', async () => {
    const folder = tempFolder({
      ...SERVER,
      'logs/db/broken.sqlite3': 'text',
      'logs/db/broken.sqlite3-wal': 'its wal',
    })
    const locked = new Database(addDatabase(folder, 'good.sqlite3'))
    const { path, warnings } = await makeBackup(folder, at(0))
    locked.close()
    expect(warnings).toEqual([
      `backups/${nameAt(0)} holds logs/db/broken.sqlite3 as it is, not as a consistent copy: SQLITE_NOTADB`,
    ])
    expect(manifestOf(path)).toMatchObject({
      consistent: false,
      inconsistent: { 'logs/db/broken.sqlite3': 'SQLITE_NOTADB' },
      files: { 'logs/db/broken.sqlite3': sha256('text'), 'logs/db/broken.sqlite3-wal': sha256('its wal') },
    })
  })

  test('names a database that another program locks', async () => {
    const folder = tempFolder(SERVER)
    const database = new Database(addDatabase(folder, 'a.sqlite3'))
    database.exec('BEGIN EXCLUSIVE')
    const { path, warnings } = await makeBackup(folder, at(0))
    database.close()
    expect(warnings).toEqual([expect.stringMatching(/holds logs\/db\/a\.sqlite3 as it is.*: SQLITE_BUSY$/)])
    expect(manifestOf(path).consistent).toBe(false)
  }, 30_000)

  test('needs no image and no Docker', async () => {
    const manifest = { ...MANIFEST, image: 'ai-proxy:ffffffffffff' }
    const folder = tempFolder({ ...SERVER, [`releases/${RELEASE}/manifest.json`]: JSON.stringify(manifest) })
    addDatabase(folder, 'a.sqlite3')
    const { path, warnings } = await makeBackup(folder, at(0))
    expect(warnings).toEqual([
      `backups/${nameAt(0)} holds logs/db/a.sqlite3 as it is, not as a consistent copy: the image ai-proxy:ffffffffffff is not on the server`,
    ])
    expect(manifestOf(path).consistent).toBe(false)
  })

  test('without logs leaves them out', async () => {
    const folder = tempFolder({ ...SERVER, 'logs/db/broken.sqlite3': 'text' })
    const { path, warnings } = await makeBackup(folder, at(0), { includesLogs: false })
    expect([warnings, manifestOf(path).hasLogs]).toEqual([[], false])
    expect(output('tar', '-tzf', path)).not.toContain('logs')
  })

  test('removes what crashed runs have left', async () => {
    const left = { 'backups/.copy-x/logs/db/a': '', 'backups/.part-x': '' }
    const folder = tempFolder({ ...SERVER, ...left })
    await makeBackup(folder, at(0))
    expect(archives(folder)).toEqual([nameAt(0)])
  })

  test('that cannot be written leaves the others and no half of itself', async () => {
    const folder = tempFolder({ ...SERVER, 'backups/other.tar.gz': '' })
    writeFileSync(join(programs, 'tar'), '#!/bin/sh\necho no space left >&2\nexit 2\n', { mode: 0o755 })
    try {
      await expect(makeBackup(folder, at(0))).rejects.toMatchObject({
        code: 'BACKUP_FAILED',
        message: 'cannot write the backup: no space left',
        hint: expect.stringContaining('--no-backup'),
      })
    } finally {
      rmSync(join(programs, 'tar'))
    }
    expect(archives(folder)).toEqual(['other.tar.gz'])
  })

  test('is read back by the next look at the server, and its number outlives the archives', async () => {
    const folder = tempFolder(SERVER)
    await makeBackup(folder, at(0))
    const first = await gatherFacts(host, folder)
    expect(first.backups).toMatchObject([
      { name: nameAt(0), isPredecessors: false, summary: { counter: 1, domain: 'a.example.com', consistent: true } },
    ])
    expect(first.backups[0]?.summary).not.toHaveProperty('files')
    output('rm', join(folder, 'backups', nameAt(0)))
    await makeBackup(folder, at(1))
    expect((await gatherFacts(host, folder)).backups[0]?.summary?.counter).toBe(2)
  })
})

describe('of many backups', () => {
  test('five are kept; other archives stay, whatever their names say', async () => {
    const foreign = { 'backups/ai-proxy-backup-20991118-090640.tar.gz': 'not ours', 'backups/mine.tar.gz': '' }
    const folder = tempFolder({ ...SERVER, ...foreign })
    for (let minute = 0; minute < 7; minute++) {
      writeFileSync(join(folder, '.env'), `API_KEYS=key${minute}\n`)
      await makeBackup(folder, at(minute), { protects: nameAt(0) })
    }
    expect(archives(folder)).toEqual([
      ...[0, 2, 3, 4, 5, 6].map(nameAt),
      'ai-proxy-backup-20991118-090640.tar.gz',
      'mine.tar.gz',
    ])
  })

  test('order goes by the number, also when the clock goes back', async () => {
    const folder = tempFolder(SERVER)
    for (const minute of [30, 20, 10]) {
      writeFileSync(join(folder, '.env'), `API_KEYS=key${minute}\n`)
      await makeBackup(folder, at(minute))
    }
    const { backups } = await gatherFacts(host, folder)
    expect(newestFirst(backups).map(({ name }) => name)).toEqual([10, 20, 30].map(nameAt))
  })

  test('attempts that failed leave one, since a backup replaces those with the same content', async () => {
    const folder = tempFolder(SERVER)
    for (let minute = 0; minute < 4; minute++) await makeBackup(folder, at(minute))
    expect(archives(folder)).toEqual([nameAt(3)])
  })

  test('the newest good one stays, however many others come after it', async () => {
    const folder = tempFolder(SERVER)
    await makeBackup(folder, at(0))
    mkdirSync(join(folder, 'logs/db'), { recursive: true })
    writeFileSync(join(folder, 'logs/db/broken.sqlite3'), 'text')
    for (let minute = 1; minute < 8; minute++) {
      writeFileSync(join(folder, '.env'), `API_KEYS=key${minute}\n`)
      await makeBackup(folder, at(minute))
    }
    expect(archives(folder)).toEqual([0, 3, 4, 5, 6, 7].map(nameAt))
  })

  test('two of the same second have different names', async () => {
    const folder = tempFolder(SERVER)
    await makeBackup(folder, at(0))
    writeFileSync(join(folder, '.env'), 'API_KEYS=other\n')
    await makeBackup(folder, at(0))
    expect(archives(folder)).toHaveLength(2)
    expect(existsSync(join(folder, 'backups/ai-proxy-backup-20261123-120001.tar.gz'))).toBe(true)
  })
})
