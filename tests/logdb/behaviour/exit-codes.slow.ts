import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { type Project, partitionsBelow, projects } from '../../helpers/logdb/project.ts'
import { shownError } from '../../helpers/logdb/shown-error.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase } from '../../helpers/logdb/workspace.ts'

const newProject = projects()
const PARTITION = '2025/09/ai_proxy_20250910.sqlite3'

/** A project whose log has one request, which is read already. */
async function ingested(): Promise<Project> {
  const project = newProject()
  writeFileSync(join(project.logs, 'requests-1.jsonl'), jsonl([record()]))
  expect(await project.run('ingest')).toMatchObject({ exitCode: 0, stderr: '' })
  return project
}

/** How a command ends in a separate process. */
const failed = ({ sh }: Project, command: string) => errorOf(sh(`${command} --json`))
/** The same in this process. */
const failedHere = async ({ run }: Project, command: string) => errorOf(await run(`${command} --json`))

/** The exit code and the error, which is the same in the document of --json and at the end of stderr. */
function errorOf({ exitCode, stdout, stderr }: ReturnType<Project['sh']>) {
  const { ok, error } = JSON.parse(stdout)
  expect([ok, stderr]).toEqual([false, expect.stringContaining(shownError(exitCode ?? 0, error))])
  return { exitCode, ...error }
}

sqliteTest('0: done', async () => {
  expect((await ingested()).sh('./scripts/logdb verify --deep')).toMatchObject({ exitCode: 0, stderr: '' })
})

sqliteTest('1: failed, or something is wrong', async () => {
  const project = await ingested()
  expect(failed(project, './scripts/logdb show nothing')).toMatchObject({ exitCode: 1, code: 'REQUEST_NOT_FOUND' })
  expect(await failedHere(project, 'ingest --from nowhere')).toMatchObject({ exitCode: 1, code: 'LOGS_MISSING' })
  writeFileSync(join(project.db, PARTITION), 'no database')
  appendFileSync(join(project.logs, 'requests-1.jsonl'), jsonl([record({ x_request_id: 'late' })]))
  for (const verb of ['init --date 2025-09-10', 'stats', 'fts build', 'dialogs assign', 'ingest']) {
    expect(await failedHere(project, verb)).toMatchObject({ exitCode: 1, code: 'DATABASE_DAMAGED' })
  }
  expect(await project.run('verify')).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/ fail\n$/) })
  const dropped = await project.run('fts drop')
  expect(dropped).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/sqlite3 drop_error=.* is damaged/) })
  rmSync(join(project.db, '.server_id'))
  expect(await failedHere(project, 'ingest')).toMatchObject({ exitCode: 1, code: 'DATABASE_DAMAGED' })
})

sqliteTest('2: wrong usage, no confirmation, or switched off', async () => {
  const project = await ingested()
  expect(failed(project, './scripts/logdb stats --since tomorrow')).toMatchObject({ exitCode: 2, code: 'USAGE' })
  expect(await failedHere(project, 'forget --key 0123456789abcdef')).toMatchObject({
    exitCode: 2,
    code: 'CONFIRMATION_MISSING',
  })
  const off = await project.run('ingest --json', { LOGDB_ENABLED: 'false' })
  expect([off.exitCode, JSON.parse(off.stdout).error.code, off.stderr]).toEqual([2, 'DISABLED', ''])
})

sqliteTest('3: with --strict, a record or a file could not be read', async () => {
  const project = await ingested()
  appendFileSync(join(project.logs, 'requests-1.jsonl'), 'oops\n')
  expect(project.sh('./scripts/logdb ingest --strict')).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('"rows_skipped": 1}'),
    stderr: expect.stringContaining('1 record could not be read; ./scripts/logdb errors lists them:'),
  })
  expect(await project.run('ingest --strict')).toMatchObject({ exitCode: 0, stderr: '' })
  writeFileSync(join(project.logs, 'requests-2.jsonl.gz'), gzipSync(jsonl([record()])).subarray(0, -10))
  expect(await project.run('ingest')).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/^not read: /),
  })
  expect(failed(project, './scripts/logdb ingest --strict')).toMatchObject({ exitCode: 3, code: 'RECORDS_UNREADABLE' })
})

sqliteTest('4: another process is writing to the database', async () => {
  const project = await ingested()
  const lock = await openDatabase(join(project.db, '.lock'))
  lock.exec('BEGIN EXCLUSIVE')
  for (const verb of ['ingest', 'fts build', 'seal --wait 100ms']) {
    expect(failed(project, `./scripts/logdb ${verb}`)).toMatchObject({ exitCode: 4, code: 'DATABASE_IN_USE' })
  }
  for (const verb of ['stats', 'audit', 'fts build --dry-run']) {
    expect(await project.run(verb)).toMatchObject({ exitCode: 0 })
  }
  lock.close()
  expect(await project.run('ingest')).toMatchObject({ exitCode: 0 })
})

sqliteTest('5: no space left, and the next run reads everything', async () => {
  const project = newProject()
  const records = Array.from({ length: 300 }, (_, index) => {
    return record({ x_request_id: `r${index}`, request: chat(`${index} ${'some words '.repeat(400)}`) })
  })
  writeFileSync(join(project.logs, 'requests-1.jsonl'), jsonl(records))
  const limited = failed(project, 'ulimit -f 1000 && ./scripts/logdb ingest')
  expect(limited).toMatchObject({ exitCode: 5, code: 'DISK_FULL' })
  expect(await project.run('ingest')).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await project.run('audit --deep')).toMatchObject({ exitCode: 0 })
  expect(project.sh('./scripts/logdb query "SELECT count(*) AS n FROM requests" --nl').stdout).toBe('{"n":300}\n')
})

sqliteTest('7: refused, because rows would be doubled', async () => {
  const project = await ingested()
  const id = project.sh('cat logs/db/.server_id').stdout.trim()
  rmSync(join(project.db, '.server_id'))
  expect(failed(project, './scripts/logdb ingest')).toMatchObject({
    exitCode: 7,
    code: 'SERVER_ID_MISSING',
    hint: `put it back: echo ${id} > ${project.db}/.server_id`,
  })
  expect(partitionsBelow(project.db)).toEqual([PARTITION])
})

const POLL_MS = 20
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

sqliteTest('130 and 143: ended by a signal after a clean commit', async () => {
  for (const [signal, exitCode] of SIGNALS) {
    const project = await ingested()
    const child = spawn(join(project.folder, 'scripts/logdb'), ['ingest', '--follow'], {
      cwd: project.folder,
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    appendFileSync(join(project.logs, 'requests-1.jsonl'), jsonl([record({ x_request_id: 'late' })]))
    while ((await project.run('show late')).exitCode !== 0) await setTimeout(POLL_MS)
    child.kill(signal)
    expect(await ended).toEqual([exitCode, null])
    expect(await project.run('audit --deep')).toMatchObject({ exitCode: 0 })
  }
})
