import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { agentFor } from '../helpers/rig/client.ts'
import { CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { layOutPredecessor, PREDECESSOR_KEY } from '../helpers/rig/predecessor.ts'
import { domainOf, e2eRig, onServer, serverOf } from '../helpers/rig/rig-server.ts'

/** A server of the Python project, running as its own script leaves it, and the way back to it. */
const rig = e2eRig()
const server = serverOf(rig, process.env['E2E_SUITE'] === 'bookworm' ? 'bookworm' : 'trixie')
const FOLDER = '/root/ai-proxy'
const URL = `https://${domainOf(server)}`
/** Far more than the 3 seconds that the plan announces: it shows that the ports changed hands in one go, not how quickly. */
const LONGEST_SILENCE_MS = 15_000
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('adopt') }
const agent = agentFor(server)

const ssh = (command: string) => onServer(rig, server, command)
const run = (...args: string[]) => aiDeploy(tool, rig, server, args)

interface Answer {
  status: number
  release: string | undefined
  body: string
}

async function ask(path: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${PREDECESSOR_KEY}` }
  const { statusCode, headers: answered, body } = await request(URL + path, { dispatcher: agent, headers })
  return { status: statusCode, release: answered['x-ai-proxy-release']?.toString(), body: await body.text() }
}

/** Asks on a new connection all the time. @returns the longest time without an answer, when it is stopped */
function watchSilence() {
  let isRunning = true
  let longestMs = 0
  const watching = (async () => {
    let last = performance.now()
    while (isRunning) {
      const each = agentFor(server, { connections: 1 })
      const status = await request(`${URL}/health`, { dispatcher: each, headersTimeout: 2000 }).then(
        async ({ statusCode, body }) => {
          await body.dump()
          return statusCode
        },
        () => 0,
      )
      await each.destroy()
      const now = performance.now()
      longestMs = Math.max(longestMs, now - last)
      if (status === 200) last = now
      await delay(20)
    }
  })()
  return async () => {
    isRunning = false
    await watching
    return longestMs
  }
}

beforeAll(async () => {
  rmSync(join(tool.cwd, 'config.yml'))
  rmSync(join(tool.cwd, '.env'))
  await layOutPredecessor(rig, server)
  // Its Traefik gets a certificate of the test CA.
  for (let left = 60; left > 0; left--) {
    if ((await ask('/health').catch(() => undefined))?.status === 200) return
    await delay(500)
  }
  throw new Error('the server of the Python project does not answer')
})
afterAll(() => agent.close())

test('a deploy that nobody answers questions of leaves it alone', async () => {
  const { exitCode, stderr } = await run('--yes')
  expect([exitCode, stderr]).toEqual([13, expect.stringContaining(' runs on this server and has its ports')])
  expect(stderr).toContain(' adopt --host ')
  expect((await ask('/health')).body).toContain('python')
})

test('it is taken over with its certificate, keys, config and logs', async () => {
  const certificate = await ssh(`sha256sum < ${FOLDER}/certs/acme.json`)
  const stream = request(`${URL}/stream`, { dispatcher: agent }).then(({ body }) => body.text())
  const cut = stream.then(
    () => 'ended',
    () => 'cut',
  )
  await delay(500)
  const { stdout: plan } = await run('adopt', '--dry-run')
  expect(plan).toContain('take over from the Python gateway: its Traefik stops')
  expect(plan).toMatch(
    /nothing answers for up to 3 seconds when the ports change hands, and \d+ open connections? (is|are) cut/,
  )
  const stop = watchSilence()
  const { exitCode, stderr } = await run('adopt', '--yes')
  const silenceMs = await stop()
  expect(exitCode, stderr).toBe(0)
  process.stdout.write(`nothing answered for ${Math.round(silenceMs)} ms\n`)
  expect(silenceMs).toBeLessThan(LONGEST_SILENCE_MS)
  expect(await cut).toBe('cut')
  const models = await ask('/v1/models')
  expect([models.status, models.release]).toEqual([200, await ssh(`basename $(readlink ${FOLDER}/current)`)])
  expect(models.body).toContain('of-the-python-gateway')
  expect(await ssh(`sha256sum < ${FOLDER}/certs/acme.json`)).toBe(certificate)
  expect(await ssh(`cd ${FOLDER} && stat -c '%a %u' .env certs/acme.json logs/db backups docker-compose.yml`)).toBe(
    ['600 0', '600 0', '755 1000', '700 0', '644 0'].join('\n'),
  )
  expect(readFileSync(join(tool.cwd, 'config.yml'), 'utf8')).toContain('of-the-python-gateway')
  expect(await ssh("docker ps --format '{{.Names}}' | grep -E 'traefik|app' || echo none")).toBe('none')
  expect((await run('--list-backups')).stdout).toContain('ai-proxy-backup-20250907-101112.tar.gz')
  expect((await run('--yes')).stderr).toContain('Nothing to change')
})

test('a rollback goes back to it, and a deploy takes it over again', async () => {
  const stop = watchSilence()
  const back = await run('--rollback', '--yes')
  expect(back.exitCode, back.stderr).toBe(0)
  expect(back.stderr).toContain('The Python gateway answers.')
  expect((await ask('/health')).body).toContain('python')
  expect((await run('--yes')).exitCode).toBe(13)
  const again = await run('--adopt', '--yes')
  expect(again.exitCode, again.stderr).toBe(0)
  expect(await stop()).toBeLessThan(LONGEST_SILENCE_MS)
  expect((await ask('/v1/models')).body).toContain('of-the-python-gateway')
  expect(existsSync(join(tool.cwd, '.env'))).toBe(false)
})

test('where its ports cannot be taken it answers again', async () => {
  await run('--rollback', '--yes')
  await ssh('docker stop ai-proxy-edge >/dev/null; docker rm ai-proxy-edge >/dev/null')
  await ssh(`docker run -d --name in-the-way -p 127.0.0.1:4430:443 node:24-slim sleep 600 >/dev/null`)
  await ssh(`sed -i 's/^HTTPS_PORT=.*/HTTPS_PORT=4430/' ${FOLDER}/.env`)
  const { exitCode, stderr } = await run('--adopt', '--yes')
  expect(exitCode, stderr).not.toBe(0)
  expect((await ask('/health')).body).toContain('python')
})
