import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import { showAudit } from '../../../deploy/commands/audit.ts'
import { createBackup } from '../../../deploy/commands/backup-create.ts'
import { hold, unhold } from '../../../deploy/commands/hold.ts'
import { listReleases } from '../../../deploy/commands/releases.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import { unlock } from '../../../deploy/commands/unlock.ts'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { readOptions } from '../../../deploy/local/options.ts'
import { holdLock } from '../../../deploy/remote/lock.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { guardedHost } from '../../../deploy/session/lock/guarded-host.ts'
import { type Outcome, report } from '../../../deploy/session/shown/report.ts'
import { toUserError } from '../../../kit/cli/command-errors.ts'
import { isRoot, needing } from '../../helpers/needs.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const rootTest = needing('root or flock', isRoot && findProgram('flock') !== null)
const TOKEN = 'ab'.repeat(16)
const WHO = 'bob@laptop (203.0.113.5) as root, deploy, since 2026-11-24T00:00:00.000Z'

/** Runs an action on a folder of this machine, as the program does. */
async function run(
  path: string,
  action: (context: Context) => Promise<Outcome>,
  flags: { yes?: boolean; dryRun?: boolean; json?: boolean; lockWait?: string } = {},
  terminal = testTerminal(),
) {
  const options = readOptions({ host: 'localhost', path, dotenv: true, ...flags }, {}, {}, tempFolder())
  const outcome = await action({ options, terminal, now: new Date('2026-11-24T00:00:00Z') }).catch((error) => ({
    error: toUserError(error, 'ai-deploy', ''),
  }))
  const exitCode = report(terminal, 'verb', options.isJson, outcome)
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr }
}

const server = () => tempFolder({ '.env': 'API_KEYS=key\nDOMAIN=a.example.com\n' })
const auditOf = (path: string) =>
  readFileSync(join(path, 'audit.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Another run that holds the lock, and what it runs. */
async function otherRun(path: string) {
  const host = new LocalHost({ kind: 'root' })
  const request = { folder: path, holder: WHO, token: TOKEN, silenceS: 60, lostLine: '{}', watched: [] }
  const held = await host.start(holdLock(request))
  onTestFinished(() => held.end())
  await once(held.stdout, 'data')
  return { held, host: guardedHost(host, path, TOKEN) }
}

rootTest('a hold refuses every change, with who, when, why and how it ends, and shows in plans', async () => {
  const path = server()
  expect((await run(path, (context) => hold(context, 'release of the year'), { dryRun: true })).exitCode).toBe(0)
  expect(existsSync(join(path, 'hold'))).toBe(false)
  expect((await run(path, (context) => hold(context, 'release of the year'))).exitCode).toBe(0)
  const description = /the server is on hold since 2026-11-24T00:00:00\.000Z, by \S+@\S+ as root: release of the year/i
  const refused = await run(path, createBackup, { yes: true })
  expect(refused.exitCode).toBe(20)
  expect(refused.stderr).toMatch(description)
  expect(refused.stderr).toContain(`run: ai-deploy unhold --host localhost --path ${path}. (HELD, exit code 20)`)
  expect(existsSync(join(path, 'backups'))).toBe(false)
  expect((await run(path, (context) => hold(context, 'mine'))).exitCode).toBe(20)
  const shown = await run(path, createBackup, { dryRun: true })
  expect([shown.exitCode, shown.stderr]).toEqual([0, expect.stringMatching(description)])
  expect((await run(path, listReleases)).stderr).toMatch(description)
  expect((await run(path, rollback, { yes: true })).stderr).toContain('(NOTHING_TO_ROLL_BACK')
  expect((await run(path, unhold)).exitCode).toBe(0)
  expect((await run(path, unhold)).stderr).toContain('Nothing to do: the server is not on hold.')
  expect((await run(path, createBackup, { yes: true })).exitCode).toBe(0)
  expect(auditOf(path).map(({ verb, result }) => [verb, result])).toEqual([
    ['hold', 'ok'],
    ['unhold', 'ok'],
    ['backup create', 'ok'],
  ])
})

rootTest('unlock ends what runs there, after a question, and writes whose run it was', async () => {
  const path = server()
  expect((await run(path, unlock, { yes: true })).stderr).toBe('Nothing to do: nobody holds the lock.\n')
  const { host } = await otherRun(path)
  const running = host.exec(['sleep', '60'])
  expect((await run(path, createBackup, { yes: true })).stderr).toContain(`Another deploy is running there: ${WHO}`)
  expect(await run(path, unlock)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') })
  expect((await run(path, unlock, { dryRun: true })).stderr).toContain(`end what runs there for ${WHO}, and free`)
  const { stdout } = await run(path, unlock, { yes: true, json: true })
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, dry_run: false, result: { changed: true, holder: WHO } })
  expect((await running).exitCode).not.toBe(0)
  await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'LOCK_LOST' })
  expect(auditOf(path)).toMatchObject([{ verb: 'unlock', result: 'ok', holder: WHO }])
  expect((await run(path, showAudit)).stdout).toContain(`ended the run of ${WHO}`)
})

rootTest('--lock-wait says for whom it waits, and makes its own plan afterwards', async () => {
  const path = server()
  const { held } = await otherRun(path)
  const short = await run(path, createBackup, { yes: true, lockWait: '1' })
  expect([short.exitCode, short.stderr]).toEqual([20, expect.stringContaining(`Waiting for ${WHO} (at most 1 s).`)])
  const terminal = testTerminal()
  const waiting = run(path, createBackup, { yes: true, lockWait: '1m' }, terminal)
  await vi.waitFor(() => expect(terminal.stderr).toContain('Waiting for'), { timeout: 20_000 })
  held.end()
  const { exitCode, stderr } = await waiting
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain(`Waiting for ${WHO}`)
})
