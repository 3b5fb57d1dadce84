import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool, finished, startDeploy } from '../helpers/rig/ai-deploy.ts'
import { addModel, CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { e2eRig, onServer, serverOf } from '../helpers/rig/rig-server.ts'

const rig = e2eRig()
const server = serverOf(rig, 'trixie')
const FOLDER = '/root/ai-proxy'
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('lock') }

/** Programs named docker that hang when a release is started, and the real one again. */
const SLOW_START = `printf '#!/bin/sh\ncase "$*" in *"-p ai-proxy-2"*" up "*) sleep 77; exit 1 ;; esac\nexec /usr/bin/docker "$@"\n' > /usr/local/bin/docker && chmod +x /usr/local/bin/docker`
const NORMAL_START = 'rm -f /usr/local/bin/docker'
const IS_STARTING = 'pgrep -f "^sleep 77"'
/** The client's port of the connection that the hanging command belongs to. */
const CLIENT_PORT = `tr '\\0' '\\n' < /proc/$(${IS_STARTING})/environ | sed -n 's/^SSH_CONNECTION=[^ ]* \\([0-9]*\\) .*/\\1/p'`

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
const ssh = (command: string) => onServer(rig, server, command)
const liveRelease = async () => JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live.release as string
const lastAudit = async () => JSON.parse(await ssh(`tail -n 1 ${FOLDER}/audit.jsonl`))

/** Waits on the server until a command succeeds there. */
const until = (command: string, seconds: number) =>
  ssh(`for i in $(seq ${seconds * 2}); do ${command} >/dev/null && exit 0; sleep 0.5; done; exit 1`)

/** A deploy that hangs when it starts its release. */
async function hangingDeploy(model: string) {
  addModel(tool.cwd, model)
  await ssh(SLOW_START)
  const running = startDeploy(tool, rig, server, ['--yes'])
  const ended = finished(running)
  await until(IS_STARTING, 90)
  return { running, ended }
}

/** A plain run repairs, and the next has nothing to do. */
async function expectRepaired(): Promise<void> {
  const repaired = await deploy('--yes')
  expect(repaired.exitCode, repaired.stderr).toBe(0)
  expect((await deploy()).stderr).toContain('Nothing to change')
}

beforeAll(async () => {
  const { exitCode, stderr } = await deploy('--yes')
  expect(exitCode, stderr).toBe(0)
})
afterAll(() => ssh(NORMAL_START))

test('of two deploys at once the second is refused with the holder, or waits; unlock ends one that hangs', async () => {
  const before = await liveRelease()
  const hanging = await hangingDeploy('first')
  const refused = await deploy('--yes')
  expect(refused.exitCode).toBe(20)
  const holder = `${userInfo().username}@${hostname()} (${rig.gateway}) as root, deploy, since 20`
  expect(refused.stderr).toContain(`Another deploy is running there: ${holder}`)
  const waiting = deploy('--yes', '--lock-wait', '5m')
  await delay(5000)
  await ssh(NORMAL_START)
  const { exitCode, stdout } = await deploy('unlock', '--yes', '--json')
  expect([exitCode, JSON.parse(stdout).result]).toEqual([0, { changed: true, holder: expect.stringContaining(holder) }])
  const ended = await hanging.ended
  expect(ended.exitCode, ended.stderr).toBe(20)
  expect(ended.stderr).toContain(`release ${before} serves, as before, and what was begun is not undone`)
  const second = await waiting
  expect(second.exitCode, second.stderr).toBe(0)
  expect(second.stderr).toContain(`Waiting for ${holder}`)
  expect(await liveRelease()).not.toBe(before)
  expect((await ssh(`grep -c '"verb":"unlock"' ${FOLDER}/audit.jsonl`)).trim()).toBe('1')
  await expectRepaired()
})

test('a client whose packets are lost holds the lock for half a minute, and can change nothing afterwards', async () => {
  const before = await liveRelease()
  const route = await ssh(`cat ${FOLDER}/edge/dynamic/app.yml`)
  const hanging = await hangingDeploy('second')
  const port = await ssh(CLIENT_PORT)
  const rules = [`INPUT -p tcp --sport ${port} --dport 22`, `OUTPUT -p tcp --sport 22 --dport ${port}`]
  for (const rule of rules) await ssh(`iptables -I ${rule} -j DROP`)
  const start = performance.now()
  await until(`flock -n ${FOLDER}/lock true`, 90)
  const seconds = Math.round((performance.now() - start) / 1000)
  process.stderr.write(`the lock was free after ${seconds} s of silence\n`)
  expect(seconds).toBeLessThan(60)
  await expect(ssh(IS_STARTING)).rejects.toMatchObject({ exitCode: 1 })
  expect(await lastAudit()).toMatchObject({ verb: 'deploy', result: 'LOCK_LOST' })
  for (const rule of rules) await ssh(`iptables -D ${rule} -j DROP`)
  // It is told so, or has given up by then.
  const ended = await hanging.ended
  process.stderr.write(ended.stderr.slice(-400))
  expect([10, 20, 33]).toContain(ended.exitCode)
  expect(ended.stderr).toContain(`release ${before} serves, as before`)
  expect(await ssh(`cat ${FOLDER}/edge/dynamic/app.yml`)).toBe(route)
  await ssh(NORMAL_START)
  await expectRepaired()
})

test('a client that is killed leaves neither a lock nor a command', async () => {
  const { running } = await hangingDeploy('third')
  running.kill('SIGKILL')
  await until(`flock -n ${FOLDER}/lock true`, 30)
  await expect(ssh(IS_STARTING)).rejects.toMatchObject({ exitCode: 1 })
  await ssh(NORMAL_START)
  await expectRepaired()
})

test('a hold survives a reboot, and a rollback works nevertheless', async () => {
  expect((await deploy('hold', '-m', 'no changes on Friday')).exitCode).toBe(0)
  await execa('npx', ['tsx', join(CLONE, 'scripts/rig.ts'), '--id', String(rig.id), 'reboot', server.name])
  addModel(tool.cwd, 'fourth')
  const refused = await deploy('--yes')
  expect([refused.exitCode, refused.stderr]).toEqual([20, expect.stringContaining('no changes on Friday')])
  expect(refused.stderr).toContain('ai-deploy unhold --host')
  expect((await deploy('releases')).stderr).toContain('no changes on Friday')
  const rolledBack = await deploy('--rollback', '--yes')
  expect(rolledBack.exitCode, rolledBack.stderr).toBe(0)
  expect((await deploy('unhold')).exitCode).toBe(0)
  await expectRepaired()
})
