import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { testWith } from '../helpers/needs.ts'
import { type Answers, inTerminal } from '../helpers/process/in-terminal.ts'
import { aiDeploy, type DeployTool, startDeploy } from '../helpers/rig/ai-deploy.ts'
import { CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { domainOf, e2eRig, onServer, serverOf } from '../helpers/rig/rig-server.ts'

/** Every verb of day two on a server, as an owner types it. The tests tell one story, in order. */
const rig = e2eRig()
const server = serverOf(rig, process.env['E2E_SUITE'] === 'trixie' ? 'trixie' : 'bookworm')
const FOLDER = '/root/ai-proxy'
const cwd = deployFolder('day-two')
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd }

const ssh = (command: string) => onServer(rig, server, command)
const run = (...args: string[]) => aiDeploy(tool, rig, server, args)
const live = () => ssh(`readlink ${FOLDER}/current`)

async function ok(...args: string[]) {
  const outcome = await run(...args)
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  return outcome
}

const json = async (...args: string[]) => JSON.parse((await ok(...args, '--json')).stdout).result

/** The gateway itself; whether the providers of other tests answer does not matter here. */
async function expectAnswers(place: string): Promise<void> {
  const { checks } = JSON.parse((await run('test', '--from', place, '--json')).stdout).result
  const own = checks.slice(0, 4).map(({ name, ok: isOk }: { name: string; ok: boolean }) => [name, isOk])
  expect(own).toEqual(['health', 'models', 'chat', 'stream'].map((name) => [name, true]))
}

beforeAll(async () => {
  await ok('--domain', domainOf(server), '--drop-old', '--yes')
})

test('status, doctor and test find a server that is well', async () => {
  const status = await json('status')
  expect(status).toMatchObject({
    url: `https://${domainOf(server)}`,
    health: { inside: { ok: true }, outside: { ok: true } },
    requests_in_flight: 0,
    certificate: { domain: domainOf(server) },
    lock: null,
  })
  expect(`releases/${status.live.release}`).toBe(await live())
  await ok('doctor')
  for (const place of ['here', 'server']) await expectAnswers(place)
})

test('status shows how much of the logs logdb has not read', async () => {
  const before = await json('status')
  expect(before.logs.behind_bytes).toBeGreaterThan(0)
  await ssh(`cd ${FOLDER} && ./scripts/logdb ingest`)
  const after = await json('status')
  expect(after.logs.behind_bytes).toBeLessThan(before.logs.behind_bytes)
  expect(after.logs.last_ingest).toMatch(/^20/)
})

test('logs are shown and followed, and nothing stays behind on the server', async () => {
  expect((await ok('logs')).stdout).toContain('Server listening')
  expect((await ok('logs', 'edge')).stdout).not.toBe('')
  const following = startDeploy(tool, rig, server, ['logs', 'requests', '-f', '--lines', '0'])
  let seen = ''
  following.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  const appears = async (command: string) => ssh(`for i in $(seq 40); do ${command} && exit 0; sleep 0.5; done; exit 1`)
  await appears('pgrep -f "^tail -q"')
  await expectAnswers('server')
  await expect.poll(() => seen, { timeout: 20_000 }).toContain('"model_original":"echo"')
  following.kill('SIGINT')
  expect((await following).exitCode).toBe(130)
  await appears('! pgrep -f "^tail -q"')
})

test('exec runs in the container of the live release, with its exit code', async () => {
  const { exitCode, stdout } = await run(
    'exec',
    '--',
    'node',
    '-e',
    'console.log(process.env.RELEASE_ID); process.exit(7)',
  )
  expect([exitCode, `releases/${stdout.trim()}`]).toEqual([7, await live()])
})

testWith('python3')('exec gives a shell in a terminal', async () => {
  const [file, ...first] = tool.command
  const command = [file, ...first, 'exec', '--host', server.host, '--ssh-config', rig.sshConfigPath, '--', 'sh']
  const answers: Answers = [
    ['$ ', 'tty; echo $((6 * 7))\r'],
    ['42', 'exit 7\r'],
  ]
  const { shown, exitCode } = await inTerminal(answers, command, { cwd, env: {} })
  expect([exitCode, shown], shown).toEqual([7, expect.stringMatching(/\/dev\/pts\/\d+\r+\n42\r+\n/)])
})

test('an image is built on this machine, of a base that the server does not have, and sent', async () => {
  const base = `ai-deploy-e2e-${server.name}/node:24-slim`
  const { exitCode } = await execa({ reject: false })`docker tag ai-deploy-rig/node:24-slim ${base}`
  if (exitCode !== 0) await execa`docker tag node:24-slim ${base}`
  const before = await live()
  await ssh(`echo NODE_IMAGE=${base} >> ${FOLDER}/.env`)
  const { stderr } = await ok('--build', 'local', '--yes')
  const [, image = ''] = /Built (\S+) with Docker and sent it/.exec(stderr) ?? []
  expect(stderr).toContain('Docker builds it for linux/')
  expect(await live()).not.toBe(before)
  expect(await ssh("docker inspect -f '{{.Config.Image}}' $(docker ps -q --filter name=ai-proxy-2)")).toContain(image)
  expect(await ssh(`docker images -q ${base}; docker images -q localhost/${image}`)).toBe('')
  expect((await execa`docker images -q ${image}`).stdout).toBe('')
  await execa`docker rmi ${base}`
  await ssh(`sed -i /^NODE_IMAGE=/d ${FOLDER}/.env`)
  await ok('--yes')
})

test('env set makes a watched release where the gateway reads it, and none where it does not', async () => {
  const before = await live()
  await ok('env', 'set', 'WARM_S=1', '--yes')
  expect(await live()).toBe(before)
  const { stderr } = await ok('env', 'set', 'LOG_LEVEL=debug', '--yes')
  expect(stderr).toContain('==> Watch the release')
  expect(await live()).not.toBe(before)
  expect((await ok('env', 'list')).stdout).toMatch(/^API_KEYS=\*\*\*$/m)
  await ok('env', 'unset', 'LOG_LEVEL', '--yes')
  expect(await ssh(`grep -c LOG_LEVEL ${FOLDER}/.env || true`)).toBe('0')
})

test('config is pulled, changed here and pushed', async () => {
  const pulled = join(cwd, 'pulled.yml')
  await ok('config', 'pull', pulled)
  writeFileSync(pulled, readFileSync(pulled, 'utf8').replace('"llama-70b"', '"llama-big"'))
  await ok('config', 'push', pulled, '--yes')
  expect((await ok('exec', '--', 'cat', '/app/config.yml')).stdout).toContain('"llama-big"')
  const editor = join(cwd, 'editor')
  writeFileSync(editor, '#!/bin/sh\nexec sed -i s/llama-big/llama-huge/ "$1"\n')
  chmodSync(editor, 0o755)
  const edited = await aiDeploy(tool, rig, server, ['config', 'edit', '--yes'], { env: { EDITOR: editor } })
  expect(edited.exitCode, edited.stderr).toBe(0)
  // The file here is another one, so the server's stays.
  expect((await ok('--yes')).stderr).toContain('which was changed there and stays')
})

test('upgrade replaces an edge that runs an older image of its tag, and pins the newer one', async () => {
  await ssh(`sed -i /^TRAEFIK_IMAGE=/d ${FOLDER}/.env`)
  await ssh(
    `printf 'FROM traefik:v3.6\\nLABEL older=yes\\n' | docker build -q -t traefik:v3.6 - && docker rm -f ai-proxy-edge`,
  )
  await ok('--yes')
  const { stderr } = await ok('upgrade', '--yes')
  expect(stderr).toMatch(/(replace|restart) the edge/)
  expect(await ssh(`grep -c '^TRAEFIK_IMAGE=traefik:v3.6@sha256:' ${FOLDER}/.env`)).toBe('1')
  await expectAnswers('here')
  expect((await ok('upgrade', '--yes')).stderr).toContain('Nothing newer')
  await ok('env', 'unset', 'TRAEFIK_IMAGE', '--yes')
})

test('prune keeps what a rollback needs', async () => {
  await ok('prune', '--keep', '0', '--yes')
  const releases = (await ssh(`ls ${FOLDER}/releases`)).split('\n')
  expect(releases.length).toBe(2)
  await ok('--rollback', '--yes')
})

test('remove takes everything off that runs, and a deploy brings it back with its key and certificate', async () => {
  const keys = await ssh(`grep ^API_KEYS= ${FOLDER}/.env`)
  const issued = await ssh(`sha256sum < ${FOLDER}/certs/acme.json`)
  await ok('remove', '--yes')
  expect(await ssh('docker ps -aq --filter name=ai-proxy; docker images -q ai-proxy')).toBe('')
  expect((await json('status')).live).toBe(null)
  await ok('doctor')
  await ok('--yes')
  expect([await ssh(`grep ^API_KEYS= ${FOLDER}/.env`), await ssh(`sha256sum < ${FOLDER}/certs/acme.json`)]).toEqual([
    keys,
    issued,
  ])
})

test('several servers, one of which cannot be reached, are left alone', async () => {
  const before = await live()
  const args = ['--host', `${server.host},nowhere.invalid`, '--yes']
  const { exitCode, stderr } = await run(...args)
  expect([exitCode, await live()], stderr).toEqual([10, before])
  expect(stderr).toContain('No server was changed.')
})
