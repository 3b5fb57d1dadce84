import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { agentFor } from '../helpers/rig/client.ts'
import { CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { type LimitedCa, startLimitedCa } from '../helpers/rig/limited-ca.ts'
import { domainOf, e2eRig, onServer, serverOf } from '../helpers/rig/rig-server.ts'
import { makeAuthority } from '../helpers/server/tls-server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

/** Names and certificates of a server, with a real CA. The tests tell one story, in order. */
const rig = e2eRig()
const server = serverOf(rig, process.env['E2E_SUITE'] === 'bookworm' ? 'bookworm' : 'trixie')
const FOLDER = '/root/ai-proxy'
const OLD = domainOf(server)
const NEW = 'new.rig.test'
const LIMITED = 'limited.rig.test'
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('https') }
const agent = agentFor(server)

const ssh = (command: string) => onServer(rig, server, command)
const names = [NEW, LIMITED].flatMap((name) => ['--resolve', `${name}:${server.ip}`])
const run = (args: string[], env?: Record<string, string>) =>
  aiDeploy(tool, rig, server, [...args, ...names], env === undefined ? {} : { env })
const deploy = (...args: string[]) => run([...args, '--yes'])

/** As clients see it, with the certificate checked. */
async function health(domain: string): Promise<number | string> {
  try {
    const { statusCode, body } = await request(`https://${domain}/health`, { dispatcher: agent })
    await body.dump()
    return statusCode
  } catch (error) {
    return String(error)
  }
}

let ca: LimitedCa | undefined
beforeAll(async () => {
  const { exitCode, stderr } = await deploy('--domain', OLD, '--drop-old')
  expect(exitCode, stderr).toBe(0)
})
afterAll(async () => {
  await agent.close()
  await ca?.close()
})

test('another name gets a certificate, and the old one still answers', async () => {
  const live = await ssh(`readlink ${FOLDER}/current`)
  const { exitCode, stderr } = await deploy('https', '-d', NEW, '-e', 'me@rig.test')
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain(`answer for ${NEW}; ${OLD} still answers too, until `)
  expect([await health(NEW), await health(OLD)]).toEqual([200, 200])
  expect(await ssh(`grep -E '^(DOMAIN|ACME_EMAIL)=' ${FOLDER}/.env | sort`)).toBe(
    `ACME_EMAIL=me@rig.test\nDOMAIN=${NEW}`,
  )
  expect(await ssh(`readlink ${FOLDER}/current`)).toBe(live)
  expect((await deploy()).stderr).toContain('Nothing to change')
  const checked = JSON.parse((await run(['test-https', '--json'])).stdout)
  expect(checked.result.checks.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok])).toEqual(
    ['clock', 'store', 'dns', 'redirect', 'certificate', 'api'].map((name) => [name, true]),
  )
})

test('a former name goes after its week', async () => {
  await ssh(`sed -i -E 's/former-1-[0-9]+/former-1-1700000000/' ${FOLDER}/edge/dynamic/app.yml`)
  const { exitCode, stderr } = await deploy()
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain(`  - stop answering for ${OLD}\n`)
  expect([await health(NEW), await health(OLD)]).toEqual([200, 404])
})

test('a store that Traefik refuses is repaired, and one that is cut off is set aside', async () => {
  await ssh(`cd ${FOLDER}/certs && chown -R 1000 . && chmod 644 acme.json && docker restart ai-proxy-edge`)
  // The edge shows its own certificate now.
  for (let left = 20; left > 0 && typeof (await health(NEW)) === 'number'; left--) await delay(500)
  expect(await health(NEW)).not.toBe(200)
  const tested = await run(['test-https'])
  expect([tested.exitCode, tested.stdout.match(/^FAIL +\w+/gm)]).toEqual([40, ['FAIL  store', 'FAIL  certificate']])
  const mended = await deploy()
  expect(mended.exitCode, mended.stderr).toBe(0)
  expect(mended.stderr).toContain('certs/acme.json can be read by others')
  expect(await health(NEW)).toBe(200)
  await ssh(`cd ${FOLDER}/certs && truncate -s 900 acme.json && docker restart ai-proxy-edge`)
  const replaced = await deploy()
  expect(replaced.exitCode, replaced.stderr).toBe(0)
  expect(replaced.stderr).toMatch(
    /certs\/acme\.json is certs\/acme\.json\.broken-\d{8}-\d{6} now, and the one of \S+\.tar\.gz has taken its place/,
  )
  expect(await health(NEW)).toBe(200)
})

test('a limit of the CA is named with its end, spared by the next runs, and costs no answer', async () => {
  const retryAt = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
  ca = await startLimitedCa(server, `${retryAt} UTC`)
  const env = { ACME_CA_SERVER: ca.directoryUrl }
  const limited = await run(['https', '-d', LIMITED, '--yes'], env)
  expect(limited.exitCode, limited.stderr).toBe(40)
  expect(limited.stderr).toContain('too many certificates (250000)')
  expect(limited.stderr).toContain('the limit of the CA is used up')
  expect(limited.stderr).toContain(`run again, after ${retryAt.slice(0, 16)} UTC`)
  expect(await health(NEW)).toBe(200)
  const orders = ca.orders()
  expect(orders).toBeGreaterThan(0)
  const again = await run(['--yes'], env)
  expect(again.stderr).toContain(`no certificate for ${LIMITED} is asked for before ${retryAt.slice(0, 16)} UTC`)
  expect([again.exitCode, ca.orders()]).toEqual([40, orders])
  const tested = await run(['test-https'], env)
  expect(tested.stdout).toContain('the limit of the CA is used up: wait until it allows more, or take another name')
  await ssh(`sed -i -E 's/"retryAtS": [0-9]+/"retryAtS": 1/' ${FOLDER}/acme-attempts.json`)
  const started = await ssh("docker inspect -f '{{.State.StartedAt}}' ai-proxy-edge")
  expect((await run(['--yes'], env)).exitCode).toBe(40)
  expect(ca.orders()).toBeGreaterThan(orders)
  expect(await ssh("docker inspect -f '{{.State.StartedAt}}' ai-proxy-edge")).toBe(started)
  const allowed = await deploy()
  expect(allowed.exitCode, allowed.stderr).toBe(0)
  expect([await health(LIMITED), await health(NEW)]).toEqual([200, 200])
})

test('a certificate of the owner takes the place of the one of the CA, and gives way to it again', async () => {
  const folder = tempFolder()
  const authority = makeAuthority(folder)
  const [cert, key, trusted] = ['own.crt', 'own.key', 'trusted.pem'].map((name) => join(folder, name))
  const pair = authority.issue([LIMITED], 30)
  writeFileSync(`${cert}`, pair.cert)
  writeFileSync(`${key}`, pair.key)
  writeFileSync(`${trusted}`, readFileSync(server.acme.rootsPath, 'utf8') + authority.ca)
  const issuer = () =>
    ssh(
      `openssl s_client -connect 127.0.0.1:443 -servername ${LIMITED} </dev/null 2>/dev/null | openssl x509 -noout -issuer`,
    )
  const own = await deploy('https', '--cert', `${cert}`, '--key', `${key}`, '--ca-file', `${trusted}`)
  expect(own.exitCode, own.stderr).toBe(0)
  expect(await issuer()).toContain('Test CA')
  expect(await ssh(`stat -c %a ${FOLDER}/certs/own-*.pem`)).toBe('600')
  expect((await deploy('--ca-file', `${trusted}`)).stderr).toContain('Nothing to change')
  const back = await deploy('https', '--no-cert')
  expect(back.exitCode, back.stderr).toBe(0)
  expect([await health(LIMITED), await issuer()]).toEqual([200, expect.not.stringContaining('Test CA')])
})

test('port 80 is borrowed from what has it, for the certificate only', async () => {
  const image = await ssh("docker inspect -f '{{.Config.Image}}' ai-proxy-edge")
  const ports = "sed -i '/^HTTPS*_PORT=/d' .env && printf 'HTTP_PORT=8080\\nHTTPS_PORT=8443\\n' >> .env"
  await ssh(`cd ${FOLDER} && cp .env .env.test && ${ports}`)
  const moved = await deploy()
  expect(moved.stderr).toContain('(ports 8080 and 8443)')
  await ssh(`docker run -d --name web -p 80:80 ${image}`)
  await ssh(`cd ${FOLDER}/certs && mv acme.json acme.json.test`)
  const borrowed = await deploy('https', '--free-ports', 'docker:web')
  expect(borrowed.stderr).toContain('docker:web started again')
  expect(await ssh("docker inspect -f '{{.State.Running}}' web")).toBe('true')
  expect(await ssh(`grep -c '"main": "${LIMITED}"' ${FOLDER}/certs/acme.json`)).toBe('1')
  expect(await ssh(`ls ${FOLDER}/freed-ports ${FOLDER}/edge/certificate 2>/dev/null | wc -l`)).toBe('0')
  await ssh(`docker rm -f web && mv ${FOLDER}/.env.test ${FOLDER}/.env`)
  const back = await deploy()
  expect(back.exitCode, back.stderr).toBe(0)
  expect(await health(LIMITED)).toBe(200)
})

test('certificates of the staging CA need not be trusted, and real ones come back', async () => {
  const untrusted = ['--ca-file', server.acme.caCertPath]
  const staged = await deploy('https', '--staging', '-d', OLD, '--drop-old', ...untrusted)
  expect(staged.exitCode, staged.stderr).toBe(0)
  expect(staged.stderr).toContain('clients do not trust certificates of the staging CA')
  expect(await ssh(`grep -c '"main": "${OLD}"' ${FOLDER}/certs/acme-staging.json`)).toBe('1')
  const real = await deploy('https', '--no-staging')
  expect(real.exitCode, real.stderr).toBe(0)
  expect(await health(OLD)).toBe(200)
})
