import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { openAiClient } from '../helpers/rig/client.ts'
import { addModel, CLONE, copyOfClone, deployFolder, temporaryFolder } from '../helpers/rig/deploy-folder.ts'
import { copyToServer, domainOf, e2eRig, onServer, serverOf, snapshot } from '../helpers/rig/rig-server.ts'

/** These tests deploy as a user with sudo. The packed tarball is installed in an empty folder, without better-sqlite3. */
const rig = e2eRig()
const server = serverOf(rig, 'trixie')
const FOLDER = '/home/admin/ai-proxy'
const KEYS = `phone:sk-0123456789abcdef0123,pa$$word'with"all\`sorts`
const cwd = deployFolder('trixie', { env: `API_KEYS=${KEYS}\nOPENROUTER_API_KEY=any\nHTTP_PORT=8123\n` })
const installed = temporaryFolder('installed')
const tool: DeployTool = { command: [join(installed, 'node_modules/.bin/ai-deploy')], cwd }

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args, { as: 'admin' })
const ssh = (command: string) => onServer(rig, server, command)

beforeAll(async () => {
  const packed = await execa('npm', ['pack', '--json', '--pack-destination', installed], {
    // Packing builds.
    cwd: copyOfClone('packed'),
  })
  const [{ filename }] = JSON.parse(packed.stdout)
  writeFileSync(join(installed, 'package.json'), '{"private":true}')
  await execa('npm', ['install', '--omit=optional', '--no-audit', '--no-fund', join(installed, filename)], {
    cwd: installed,
  })
})

test('without better-sqlite3 ai-deploy works, and logdb says what to install', async () => {
  expect(existsSync(join(installed, 'node_modules/better-sqlite3'))).toBe(false)
  const logdb = await execa(join(installed, 'node_modules/.bin/logdb'), ['init'], { cwd: installed, reject: false })
  expect(logdb.exitCode).not.toBe(0)
  expect(logdb.stderr).toContain('npm install better-sqlite3')
  expect((await execa(tool.command[0], ['--help'])).stdout).toContain('--rollback')
})

test('deploys to a clean server, through sudo', async () => {
  const { exitCode, stdout, stderr } = await deploy('--yes', '--json')
  expect(exitCode, stderr).toBe(0)
  const { ok, verb, result, warnings } = JSON.parse(stdout)
  expect({ ok, verb }).toEqual({ ok: true, verb: 'deploy' })
  expect(result).toMatchObject({ changed: true, url: `https://${domainOf(server)}`, connections: 1 })
  expect(result).not.toHaveProperty('api_key')
  expect(warnings).toContainEqual(expect.stringContaining('HTTP_PORT of your .env'))
  expect(stderr).toContain('take over your .env: API_KEYS')
  expect(stderr).not.toContain('0123456789abcdef')
  expect(stderr).toContain('HTTP_PORT of your .env means the local gateway and is not copied')
  process.stdout.write(`First deploy, ${result.channels} channels: ${JSON.stringify(result.steps)}\n`)
})

test('every key of .env arrives as it was written', async () => {
  for (const key of ['sk-0123456789abcdef0123', 'phone:sk-0123456789abcdef0123', `pa$$word'with"all\`sorts`]) {
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const completion = await openAiClient(server, key).chat.completions.create({ model: 'echo', messages })
    expect(completion.choices[0]?.message.content).toContain('hello')
  }
})

test('a second run changes nothing and reports that', async () => {
  const before = await snapshot(rig, server, FOLDER)
  const { exitCode, stderr } = await deploy()
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('Nothing to change')
  expect(await snapshot(rig, server, FOLDER)).toBe(before)
})

test('a change of the domain keeps the release', async () => {
  const live = async () => JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live
  const before = await live()
  const domain = 'gateway.rig.test'
  const { exitCode, stdout, stderr } = await deploy('--yes', '--domain', domain, '--resolve', `${domain}:${server.ip}`)
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toBe(`https://${domain}`)
  expect(await live()).toEqual(before)
  const back = await deploy('--yes', '--domain', domainOf(server))
  expect(back.exitCode, back.stderr).toBe(0)
})

test('a change of an edge setting replaces the edge', async () => {
  const { exitCode, stderr } = await deploy('--yes', '--email', 'me@rig.test')
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('replace the edge')
  expect((await deploy()).stderr).toContain('Nothing to change')
})

test('another folder cannot take the gateway over by mistake', async () => {
  const { exitCode, stderr } = await deploy('--yes', '--path', '/opt/other')
  expect(exitCode).toBe(12)
  expect(stderr).toContain(`The edge of this server belongs to ${FOLDER}, not to /opt/other`)
  expect(await ssh('ls -d /opt/other 2>/dev/null || echo none')).toBe('none')
})

test('a gateway whose container and image were removed is repaired', async () => {
  await ssh('docker rm -f $(docker ps -q --filter label=ai-deploy.release) && docker rmi $(docker images -q ai-proxy)')
  const { exitCode, stderr } = await deploy('--yes')
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain(', whose container and image are gone')
  expect((await deploy()).stderr).toContain('Nothing to change')
})

test('a changed release takes over and is rolled back', async () => {
  addModel(cwd, 'one-more')
  const changed = await deploy('--yes')
  expect(changed.exitCode, changed.stderr).toBe(0)
  const models = async () =>
    (await openAiClient(server, 'sk-0123456789abcdef0123').models.list()).data.map(({ id }) => id)
  expect(await models()).toContain('one-more')
  const back = await deploy('--rollback', '--yes')
  expect(back.exitCode, back.stderr).toBe(0)
  expect(await models()).not.toContain('one-more')
})

describe('the image of a clone', () => {
  const key = 'sk-of-the-image'
  const run = 'docker run --read-only --tmpfs /app/logs:uid=1000'

  test('docker build . builds it', async () => {
    const context = join(temporaryFolder('clone'), 'clone.tar')
    await execa('tar', [
      '-cf',
      context,
      '--exclude=./node_modules',
      '--exclude=./.git',
      '--exclude=./dist',
      '-C',
      CLONE,
      '.',
    ])
    await copyToServer(rig, server, context, '/tmp/clone.tar')
    await ssh(
      'mkdir -p /tmp/clone && tar -xf /tmp/clone.tar -C /tmp/clone && cd /tmp/clone && docker build -q -t ai-proxy .',
    )
    expect(await ssh('docker image inspect -f "{{.Config.User}}" ai-proxy')).toBe('node')
  })

  test('it serves on a read-only root', async () => {
    await ssh(`${run} -d --name clone -e API_KEYS=${key} -p 127.0.0.1:8123:8123 ai-proxy`)
    const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'inside' }] })
    const answer = await ssh(
      `curl -sS --retry 50 --retry-delay 1 --retry-all-errors http://127.0.0.1:8123/v1/chat/completions -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${body}'`,
    )
    expect(JSON.parse(answer).choices[0].message.content).toContain('inside')
    expect(
      await ssh('docker exec -w /app/logs clone node /app/dist/logdb/cli.js ingest --from . && docker rm -f clone'),
    ).toContain('"rows_inserted": 1')
  })

  test('without API_KEYS it refuses to listen on all addresses', async () => {
    expect(await ssh(`${run} --rm ai-proxy 2>&1; echo "exit $?"`)).toMatch(/API_KEYS[\s\S]*exit 2$/)
  })

  test('docker-compose.yml is valid for Compose v2', async () => {
    expect(await ssh('cd /tmp/clone && touch .env && docker compose config')).toContain('8123')
  })
})
