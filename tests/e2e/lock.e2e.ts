import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool, finished, printed, startDeploy } from '../helpers/rig/ai-deploy.ts'
import { CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { e2eRig, onServer, serverOf } from '../helpers/rig/rig-server.ts'

const rig = e2eRig()
const server = serverOf(rig, 'trixie')
/** A separate one: the server stays clean for other files. Nothing here needs Docker. */
const FOLDER = '/root/locked'
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('lock') }

/** A backup hangs while this is there; looking at one does not. */
const SLOW_TAR = '/usr/local/bin/tar'
const SLOW_DOWN = `printf '#!/bin/sh\\ncase $1 in -t* | -x*) ;; *) sleep 77 ;; esac\\nexec /usr/bin/tar "$@"\\n' > ${SLOW_TAR} && chmod +x ${SLOW_TAR}`
const SPEED_UP = `rm -f ${SLOW_TAR}`
const HANGING = 'pgrep -f "^sleep 77"'
const FREE = `flock -n ${FOLDER}/lock true`
/** Client's port of the connection that the hanging command belongs to. */
const CLIENT_PORT = `tr '\\0' '\\n' < /proc/$(${HANGING})/environ | sed -n 's/^SSH_CONNECTION=[^ ]* \\([0-9]*\\) .*/\\1/p'`

const HOLDER = `${userInfo().username}@${hostname()} (${rig.gateway}) as root, backup create, since 20`

const CREATE = ['backup', 'create', '--yes', '--path', FOLDER]

const run = (...args: string[]) => aiDeploy(tool, rig, server, [...args, '--path', FOLDER])
const ssh = (command: string) => onServer(rig, server, command)
const audit = async () => (await ssh(`cat ${FOLDER}/audit.jsonl`)).split('\n').map((line) => JSON.parse(line))

/** Waits on the server until a command succeeds there. */
const until = (command: string, seconds: number) =>
  ssh(`for i in $(seq ${seconds * 2}); do ${command} >/dev/null && exit 0; sleep 0.5; done; exit 1`)

/** A run that hangs in one of its commands. */
async function hangingRun() {
  await ssh(SLOW_DOWN)
  const running = startDeploy(tool, rig, server, CREATE)
  const ended = finished(running)
  await until(HANGING, 60)
  return { running, ended }
}

/** The lock is free, nothing of its holder runs, and the same command works. */
async function expectFree(): Promise<void> {
  await until(FREE, 90)
  await expect(ssh(HANGING)).rejects.toMatchObject({ exitCode: 1 })
  await ssh(SPEED_UP)
  const { exitCode, stderr } = await run('backup', 'create', '--yes')
  expect(exitCode, stderr).toBe(0)
}

beforeAll(() => ssh(`mkdir -p ${FOLDER} && echo API_KEYS=k > ${FOLDER}/.env`))
afterAll(() => ssh(`${SPEED_UP}; rm -rf ${FOLDER}`))

test('of two runs at once the second is refused with the holder, or waits; unlock ends one that hangs', async () => {
  const hanging = await hangingRun()
  const refused = await run('backup', 'create', '--yes')
  expect(refused.exitCode).toBe(20)
  expect(refused.stderr).toContain(`Another deploy is running there: ${HOLDER}`)
  const waiting = startDeploy(tool, rig, server, [...CREATE, '--lock-wait', '5m'])
  const waited = finished(waiting)
  await printed(waiting, `Waiting for ${HOLDER}`)
  await ssh(SPEED_UP)
  const { exitCode, stdout } = await run('unlock', '--yes', '--json')
  expect([exitCode, JSON.parse(stdout).result]).toEqual([0, { changed: true, holder: expect.stringContaining(HOLDER) }])
  expect(await hanging.ended).toMatchObject({ exitCode: 20, stderr: expect.stringContaining('LOCK_LOST') })
  const second = await waited
  expect(second.exitCode, second.stderr).toBe(0)
  expect((await audit()).map(({ verb, result }) => `${verb} ${result}`)).toEqual(['unlock ok', 'backup create ok'])
  await expectFree()
})

test('a client whose packets are lost holds the lock for half a minute, and can change nothing afterwards', async () => {
  const { ended } = await hangingRun()
  const port = await ssh(CLIENT_PORT)
  const rules = [`INPUT -p tcp --sport ${port} --dport 22`, `OUTPUT -p tcp --sport 22 --dport ${port}`]
  for (const rule of rules) await ssh(`iptables -I ${rule} -j DROP`)
  await until(FREE, 60)
  await expect(ssh(HANGING)).rejects.toMatchObject({ exitCode: 1 })
  expect((await audit()).at(-1)).toMatchObject({ verb: 'backup create', result: 'LOCK_LOST' })
  const before = await ssh(`ls -lR --full-time ${FOLDER}`)
  for (const rule of rules) await ssh(`iptables -D ${rule} -j DROP`)
  // The server refuses it, or it has given up by then.
  const { exitCode, stderr } = await ended
  expect([10, 20], stderr).toContain(exitCode)
  expect(stderr).toContain('serves, as before')
  expect(await ssh(`ls -lR --full-time ${FOLDER}`)).toBe(before)
  await expectFree()
})

test('a client that is killed leaves neither a lock nor a command', async () => {
  const { running, ended } = await hangingRun()
  running.kill('SIGKILL')
  await ended
  await expectFree()
})

test('a hold survives a reboot', async () => {
  expect((await run('hold', '-m', 'no changes on Friday')).exitCode).toBe(0)
  await execa('npx', ['tsx', join(CLONE, 'scripts/rig.ts'), '--id', String(rig.id), 'reboot', server.name])
  const refused = await run('backup', 'create', '--yes')
  expect([refused.exitCode, refused.stderr]).toEqual([20, expect.stringContaining('no changes on Friday')])
  expect(refused.stderr).toMatch(/run: .* unhold --host /)
  expect((await run('releases')).stderr).toContain('no changes on Friday')
  expect((await run('unhold')).exitCode).toBe(0)
  await expectFree()
})
