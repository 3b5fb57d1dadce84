import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool, printed, startDeploy } from '../helpers/rig/ai-deploy.ts'
import { CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { type Load, type LoadOptions, startLoad } from '../helpers/rig/load.ts'
import { e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'

/** Changes of the edge, under load: keep-alive and new connections, POST requests and streams. */
const rig = e2eRig()
const server = serverOf(rig, process.env['E2E_SUITE'] === 'bookworm' ? 'bookworm' : 'trixie')
const FOLDER = '/root/ai-proxy'
const apiKey = 'sk-0123456789abcdef0123'
const env = {
  API_KEYS: apiKey,
  OPENROUTER_BASE_URL: rig.upstreamUrl,
  OPENROUTER_API_KEY: 'any',
  WATCH_S: '1',
  WARM_S: '0',
}
const tool: DeployTool = {
  command: ['node', join(CLONE, 'dist/deploy/cli.js')],
  cwd: deployFolder('edge'),
}

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, [...args, '--yes'])
const ssh = (command: string) => onServer(rig, server, command)
let load: Load | undefined

function underLoad(options: Partial<LoadOptions> = {}): Load {
  load = startLoad(server, { apiKey, ...options })
  return load
}

afterEach(() => load?.stop())

/** Nothing failed, and streams that were begun before the change were among what did not. */
async function expectNoFailure(running: Load): Promise<void> {
  const result = await running.stop()
  load = undefined
  const { answers, p99Ms, maxMs, releases: _releases, ids, ...rest } = result
  process.stdout.write(`${JSON.stringify({ answers, p99Ms, maxMs })}\n`)
  expect(rest).toEqual({ socketErrors: {}, badStatuses: {}, cut: 0, failures: [] })
  expect(answers.stream).toBeGreaterThanOrEqual(6)
  expect(new Set(ids).size).toBe(answers.post + answers.stream)
}

/** The only edge, from which nothing leads elsewhere. */
async function expectOneEdge(): Promise<void> {
  const names = () => ssh("docker ps -a --format '{{.Names}}' | grep ai-proxy-edge")
  // A second edge finishes its answers first.
  for (let left = 60; left > 0 && (await names()) !== 'ai-proxy-edge'; left--) await delay(1000)
  expect(await names()).toBe('ai-proxy-edge')
  expect(await ssh('iptables-save | grep -c "comment.*ai-proxy-edge" || true')).toBe('0')
  expect(await ssh(`ls ${FOLDER}/edge ${FOLDER}/edge/dynamic`)).not.toMatch(/second|draining/)
  expect((await aiDeploy(tool, rig, server, [])).stderr).toContain('Nothing to change')
}

async function answers(port = 443): Promise<boolean> {
  const running = startLoad(server, { apiKey, port, loops: { keepAlive: 0, post: 0, stream: 0, fresh: 1 } })
  await delay(1000)
  const { failures, answers } = await running.stop()
  return failures.length === 0 && answers.fresh > 0
}

beforeAll(async () => {
  // Another file may have deployed to the server before, with other keys.
  for (const prepare of [() => {}, () => editEnv(rig, server, FOLDER, env)]) {
    await prepare()
    const { exitCode, stderr } = await deploy()
    expect(exitCode, stderr).toBe(0)
  }
})

test('another e-mail', async () => {
  const running = underLoad()
  await delay(2000)
  const { exitCode, stderr } = await deploy('--email', 'a@rig.test')
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('a second edge takes new connections meanwhile')
  await expectNoFailure(running)
  expect(await ssh('docker logs ai-proxy-edge 2>&1 | grep -c . ')).not.toBe('0')
  expect(await ssh(`grep -c a@rig.test ${FOLDER}/edge/traefik.yml`)).toBe('1')
  await expectOneEdge()
})

test('another port: the old one answers until the new one does', async () => {
  const running = underLoad({ loops: { stream: 6 }, streamS: 8 })
  await delay(2000)
  await ssh(`echo HTTPS_PORT=8443 >> ${FOLDER}/.env`)
  const changing = deploy()
  // The load is on the old port, so it ends before that goes.
  await delay(1000)
  await expectNoFailure(running)
  const { exitCode, stderr } = await changing
  expect(exitCode, stderr).toBe(0)
  expect([await answers(8443), await answers(443)]).toEqual([true, false])
  await ssh(`sed -i /HTTPS_PORT/d ${FOLDER}/.env`)
  const back = await deploy()
  expect(back.exitCode, back.stderr).toBe(0)
  expect([await answers(8443), await answers(443)]).toEqual([false, true])
  await expectOneEdge()
})

test('another attempt at a certificate', async () => {
  // The edge has it in memory, and its store is without it after the next start only.
  await ssh(`sed -i 's/"main": *"[^"]*"/"main": "other.rig.test"/' ${FOLDER}/certs/acme.json`)
  const started = await ssh("docker inspect -f '{{.State.StartedAt}}' ai-proxy-edge")
  const running = underLoad({ streamS: 5 })
  await delay(2000)
  const { exitCode, stderr } = await deploy()
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('Ask for the certificate again')
  await expectNoFailure(running)
  expect(await ssh("docker inspect -f '{{.State.StartedAt}}' ai-proxy-edge")).toBe(started)
  await ssh(`cd ${FOLDER}/certs && sed -i 's/other.rig.test/ai-proxy.${server.ip}.nip.io/' acme.json`)
})

test('restored certificates', async () => {
  const created = await deploy('backup', 'create')
  expect(created.exitCode, created.stderr).toBe(0)
  const running = underLoad({ streamS: 8 })
  await delay(2000)
  const archive = (await ssh(`ls -t ${FOLDER}/backups | head -n 1`)).trim()
  const { exitCode, stderr } = await deploy('--restore-backup', archive, '--include-certs')
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('so that it reads the certificates')
  await expectNoFailure(running)
  await expectOneEdge()
})

test('a CLI that is killed in the middle leaves an edge that answers, and a plain run settles it', async () => {
  let number = 0
  for (const afterMs of [1500, 4000]) {
    const running = underLoad({ streamS: 5 })
    const changing = startDeploy(tool, rig, server, ['--yes', '--email', `k${number++}@rig.test`])
    await printed(changing, '==> Replace the edge')
    await delay(afterMs)
    changing.kill('SIGKILL')
    await changing
    await delay(1000)
    const repaired = await deploy()
    expect(repaired.exitCode, repaired.stderr).toBe(0)
    await running.stop()
    load = undefined
    expect(await answers()).toBe(true)
    await expectOneEdge()
  }
})

test('after a reboot in the middle of a change the server answers', async () => {
  const changing = startDeploy(tool, rig, server, ['--yes', '--email', 'reboot@rig.test'])
  const load = underLoad({ streamS: 8 })
  await printed(changing, '==> Replace the edge')
  await delay(2000)
  changing.kill('SIGKILL')
  await changing
  await execa('npx', ['tsx', 'scripts/rig.ts', '--id', String(rig.id), 'reboot', server.name], { cwd: CLONE })
  await load.stop()
  let isUp = false
  for (let left = 30; left > 0 && !isUp; left--) isUp = await answers()
  expect(isUp).toBe(true)
  const repaired = await deploy()
  expect(repaired.exitCode, repaired.stderr).toBe(0)
  await expectOneEdge()
})
