import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { serverLayout } from '../../../deploy/server/layout.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { readLogs } from '../../../deploy/steps/changes/read-logs.ts'
import { restoreLogs } from '../../../deploy/steps/changes/restore-logs.ts'
import type { Server } from '../../../deploy/steps/definition.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'
import { IMAGE, useDockerThatRunsHere } from '../../helpers/server/docker-that-runs-here.ts'
import { DEBIAN_12_DOCKER } from '../../helpers/server/recorded-facts.ts'
import { sharedTempFolder, tempFolder } from '../../helpers/temp-folder.ts'

const programs = useDockerThatRunsHere()
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
const DAY = '2025/09/ai_proxy_20250910.sqlite3'

/** logs/db of a backup, with two requests, and of a server that has forgotten one of them. */
const made = sharedTempFolder()
beforeAll(async () => {
  const space = workspace(made)
  space.write('requests-x.jsonl', jsonl([record({ x_request_id: 'kept' }), record({ x_request_id: 'forgotten' })]))
  await space.ingest()
  cpSync(space.db, join(made, 'backup'), { recursive: true })
  await space.run(['forget', '--request-id', 'forgotten', '--yes'])
  cpSync(space.db, join(made, 'present'), { recursive: true })
})

/** A server with these log databases, on which the backup is unpacked. */
function folderWith(logs: Record<string, string>): string {
  const folder = tempFolder()
  mkdirSync(join(folder, 'logs'))
  cpSync(join(made, 'backup'), join(folder, '.restore/logs/db'), { recursive: true })
  for (const [name, source] of Object.entries(logs))
    cpSync(join(made, source), join(folder, 'logs', name), { recursive: true })
  return folder
}

interface Wanted {
  inconsistent?: string[]
  image?: string
}

async function restore(folder: string, { inconsistent = [], image = IMAGE }: Wanted = {}) {
  const warnings: string[] = []
  const server: Server = {
    host: new LocalHost({ kind: 'root' }),
    layout: serverLayout(folder),
    facts: parseFacts(DEBIAN_12_DOCKER),
    buildContext: [],
    signal: new AbortController().signal,
    now: new Date(),
    actor: 'somebody',
    verb: 'restore-backup',
    measured: {},
    warn: (sentence) => void warnings.push(sentence),
  }
  const source = join(folder, '.restore/logs/db')
  const more = { isReplacing: false, image, instance: '20261123-101112', granularity: '' }
  const change = { kind: 'restore-logs' as const, source, id: 'ID', owner, inconsistent, ...more }
  return { server, warnings, run: restoreLogs.run(change, server, () => {}) }
}

async function idsIn(folder: string, db = 'logs/db'): Promise<unknown[]> {
  const { default: Database } = await import('better-sqlite3')
  using database = withDispose(new Database(join(folder, db, DAY), { readonly: true }))
  return database.prepare('SELECT x_request_id FROM z_req ORDER BY id').pluck().all()
}

function withDispose<T extends { close(): unknown }>(database: T): T & Disposable {
  return Object.assign(database, { [Symbol.dispose]: () => void database.close() })
}

const logsOf = (folder: string) => readdirSync(join(folder, 'logs')).toSorted()

describe('the log databases of a backup', () => {
  test('come to a server without any, and every log is to be read again', async () => {
    const folder = folderWith({})
    const { run, warnings } = await restore(folder)
    await run
    expect([warnings, logsOf(folder), await idsIn(folder)]).toEqual([[], ['db'], ['kept', 'forgotten']])
    const { default: Database } = await import('better-sqlite3')
    using control = withDispose(new Database(join(folder, 'logs/db/control.sqlite3'), { readonly: true }))
    expect(control.prepare('SELECT count(*) FROM sources').pluck().get()).toBe(0)
    const { uid, mode } = statSync(join(folder, 'logs/db'))
    expect([uid, mode]).toEqual([owner.uid, statSync(join(made, 'backup')).mode])
  })

  test('take the place of others, which move aside, and lose what these have forgotten', async () => {
    const folder = folderWith({ db: 'present' })
    await (await restore(folder)).run
    expect([logsOf(folder), await idsIn(folder)]).toEqual([['db', 'db.before-ID'], ['kept']])
    expect(await idsIn(folder, 'logs/db.before-ID')).toEqual(['kept'])
  })

  test('lose what databases have forgotten that an earlier restore moved aside', async () => {
    const folder = folderWith({ 'db.before-1': 'present' })
    await (await restore(folder)).run
    expect([logsOf(folder), await idsIn(folder)]).toEqual([['db', 'db.before-1'], ['kept']])
  })

  test('that were not copied consistently go next to the others, with their -wal', async () => {
    const folder = folderWith({})
    const wal = join(folder, '.restore/logs/db', `${DAY}-wal`)
    writeFileSync(wal, 'a wal')
    await (await restore(folder, { inconsistent: [DAY] })).run
    expect(logsOf(folder)).toEqual(['db', 'db.inconsistent-ID'])
    expect(existsSync(join(folder, 'logs/db', DAY))).toBe(false)
    expect(readdirSync(join(folder, 'logs/db.inconsistent-ID', dirname(DAY)))).toContain('ai_proxy_20250910.sqlite3')
  })

  test('that a run left unfinished are made again', async () => {
    const folder = folderWith({ 'db.restoring-OLD': 'backup', db: 'present' })
    await (await restore(folder)).run
    expect([logsOf(folder), await idsIn(folder)]).toEqual([['db', 'db.before-ID'], ['kept']])
  })

  test('that cannot be prepared change nothing on the server', async () => {
    const folder = folderWith({ db: 'present' })
    writeFileSync(join(folder, '.restore/logs/db/control.sqlite3'), 'not a database '.repeat(1000))
    await expect((await restore(folder)).run).rejects.toMatchObject({
      code: 'LOGS_NOT_RESTORED',
      message: expect.stringMatching(/^the gateway runs, but .*control\.sqlite3/),
    })
    expect([logsOf(folder), await idsIn(folder)]).toEqual([['db'], ['kept']])
  })

  test('stay away where no image can prepare them', async () => {
    const folder = folderWith({ db: 'present' })
    await expect((await restore(folder, { image: 'ai-proxy:gone' })).run).rejects.toMatchObject({
      code: 'LOGS_NOT_RESTORED',
    })
    expect(logsOf(folder)).toEqual(['db'])
  })
})

describe('with the logdb of an older image', () => {
  const asOld = async (run: () => Promise<void>) => {
    const docker = join(programs, 'docker')
    renameSync(docker, `${docker}.new`)
    writeFileSync(docker, '#!/bin/sh\n[ "$1" = image ] || { echo "{}"; exit 2; }\n', { mode: 0o755 })
    await run().finally(() => renameSync(`${docker}.new`, docker))
  }

  test('they come to a server where nothing can have been forgotten', () =>
    asOld(async () => {
      const folder = folderWith({})
      const { run, warnings } = await restore(folder)
      await run
      expect([logsOf(folder), warnings]).toEqual([['db'], [expect.stringContaining('too old to read every log again')]])
    }))

  test('they stay away where something may have been', () =>
    asOld(async () => {
      const folder = folderWith({ db: 'present' })
      await expect((await restore(folder)).run).rejects.toMatchObject({ code: 'LOGS_NOT_RESTORED' })
      expect(logsOf(folder)).toEqual(['db'])
    }))
})

test('logs that cannot be read again are a warning with the command to type', async () => {
  const folder = folderWith({})
  const { server, warnings, run } = await restore(folder)
  await run
  mkdirSync(join(folder, 'scripts'))
  const script = join(folder, 'scripts/logdb')
  writeFileSync(script, '#!/bin/sh\necho "$*" > "$0.args"\n', { mode: 0o755 })
  await readLogs.run({ kind: 'read-logs' }, server, () => {})
  expect([warnings, readFileSync(`${script}.args`, 'utf8')]).toEqual([[], 'ingest --wait 60s\n'])
  writeFileSync(script, '#!/bin/sh\necho Ingest disabled\nexit 2\n')
  await readLogs.run({ kind: 'read-logs' }, server, () => {})
  expect(warnings).toEqual([`the logs were not read again: Ingest disabled; run ${script} ingest on the server`])
})
