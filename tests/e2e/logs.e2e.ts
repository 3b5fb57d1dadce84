import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { request } from 'undici'
import { beforeAll, expect, test } from 'vitest'
import { ObjectStore } from '../../kit/object-store/object-store.ts'
import { aiDeploy, type DeployTool, startDeploy } from '../helpers/rig/ai-deploy.ts'
import { agentFor, openAiClient } from '../helpers/rig/client.ts'
import { CLONE, deployFolder, temporaryFolder } from '../helpers/rig/deploy-folder.ts'
import { domainOf, e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'
import { startS3Server } from '../helpers/server/s3-server.ts'

/** The logs of trixie as root, on the server and here. The tests tell one story, in order. */
const rig = e2eRig()
const server = serverOf(rig, 'trixie')
const FOLDER = '/root/ai-proxy'
const KEY = 'sk-logs-0123456789abcdef'
const tool: DeployTool = {
  command: ['node', join(CLONE, 'dist/deploy/cli.js')],
  cwd: deployFolder('logs', { env: `API_KEYS=${KEY}\n` }),
}
const here = temporaryFolder('pulled')

const ssh = (command: string) => onServer(rig, server, command)
const logdb = async (...args: string[]) =>
  (await execa('node', [join(CLONE, 'dist/logdb/cli.js'), ...args], { cwd: here })).stdout

async function succeed(...args: string[]) {
  const outcome = await aiDeploy(tool, rig, server, args)
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  return outcome
}

async function firstLine(output: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of output) {
    text += chunk.toString()
    if (text.includes('\n')) break
  }
  return text.split('\n')[0] ?? ''
}

async function ask(words: string): Promise<void> {
  const messages = [{ role: 'user' as const, content: words }]
  const completion = await openAiClient(server, KEY).chat.completions.create({ model: 'echo', messages })
  expect(completion.choices[0]?.message.content).toContain(words)
}

beforeAll(async () => {
  await succeed('--yes')
  // Another file may have deployed to the server before, with other keys.
  await editEnv(rig, server, FOLDER, { API_KEYS: KEY })
  await succeed('--yes')
})

test('a timer of the server reads the logs, and status shows it', async () => {
  await ask('a heron at the river')
  const timer = '/etc/systemd/system/ai-proxy-routine.timer'
  await ssh(`mkdir -p ${timer}.d && printf '[Timer]\\nOnActiveSec=1s\\nRandomizedDelaySec=0\\n' > ${timer}.d/soon.conf`)
  const begun = Number(await ssh('date +%s')) * 1000
  await ssh('systemctl daemon-reload && systemctl restart ai-proxy-routine.timer')
  for (let left = 60; ; left--) {
    const { routine } = JSON.parse((await succeed('status', '--json')).stdout).result
    if (routine.last_run !== null && Date.parse(routine.last_run.started_at) >= begun) {
      expect(routine.last_run).toMatchObject({ ok: true, problem: null })
      break
    }
    expect(left).toBeGreaterThan(0)
    await delay(1000)
  }
  await ssh(`rm -r ${timer}.d && systemctl daemon-reload && systemctl restart ai-proxy-routine.timer`)
  const { routine } = JSON.parse((await succeed('status', '--json')).stdout).result
  expect(Date.parse(routine.next_run)).toBeGreaterThan(begun)
  expect(await ssh('journalctl -u ai-proxy-routine.service -p warning -q -o cat')).toBe('')
  expect(await ssh(`cd ${FOLDER} && ./scripts/logdb search heron`)).toContain('heron')
  await succeed('doctor')
  expect((await succeed('--yes')).stderr).toContain('Nothing to change')
})

test('the requests come here in a bundle, once, and are searched here', async () => {
  await ask('a wombat in the grass')
  const pulled = await succeed('logs', 'pull', '--to', join(here, 'logs/db'))
  expect(pulled.stdout).toMatch(/ {2}\d+ new requests, \d{4}-\d\d-\d\d/)
  for (const word of ['heron', 'wombat']) expect(await logdb('search', word)).toContain(word)
  expect((await succeed('logs', 'pull', '--to', join(here, 'logs/db'))).stdout).toMatch(/ {2}nothing new$/)
  expect(await ssh(`ls ${FOLDER}/bundles`)).toBe('')
})

test('the server copies the bundles of past and recent days to a bucket', async () => {
  const s3 = await startS3Server(rig.gateway)
  const { endpoint = '', region, accessKeyId, secretAccessKey } = s3.settings
  const access = { BACKUP_S3_ACCESS_KEY_ID: accessKeyId, BACKUP_S3_SECRET_ACCESS_KEY: secretAccessKey }
  const place = { LOGDB_AUTO_TO: 's3://bucket/trixie', BACKUP_S3_ENDPOINT: endpoint, BACKUP_S3_REGION: region }
  await editEnv(rig, server, FOLDER, { ...place, ...access })
  // Records of today, as if they were of a day that is over.
  const [today, day] = await Promise.all(['today', '3 days ago'].map((when) => ssh(`date -u -d '${when}' +%F`)))
  const log = `requests-${day}.jsonl`
  await ssh(
    `cd ${FOLDER}/logs && sed 's/${today}/${day}/g' requests-${today}*.jsonl > ${log} && chown --reference=. ${log}`,
  )
  await ssh(`${FOLDER}/scripts/logdb-routine`)
  const keys: string[] = []
  for await (const { key } of new ObjectStore(s3.settings).list()) keys.push(key)
  const names = [`day-${day}.tgz`, await ssh(`ls ${FOLDER}/bundles | grep '^recent-.*tgz$'`)]
  expect(keys).toEqual(names.flatMap((name) => [`trixie/${name}`, `trixie/${name}.metadata.json`]))
  await editEnv(rig, server, FOLDER, { LOGDB_AUTO_TO: '' })
  await s3.close()
})

test('the server copies them to another machine over SSH, once its host key is known', async () => {
  const [key, there] = ['/root/.ssh/logs-copies', '/root/another machine/bundles']
  // Another sshd of the rig would be no different from its own.
  await ssh(`ssh-keygen -q -t ed25519 -N '' -f ${key} && cat ${key}.pub >> /root/.ssh/authorized_keys`)
  await editEnv(rig, server, FOLDER, { LOGDB_AUTO_TO: `root@127.0.0.1:${there}`, BACKUP_SSH_KEY: key })
  const run = `${FOLDER}/scripts/logdb-routine 2>&1; echo exit=$?`
  expect(await ssh(run)).toMatch(/the host key of 127\.0\.0\.1 is not known.*exit=6$/s)
  const { last_run: failed } = JSON.parse((await succeed('status', '--json')).stdout).result.routine
  const [, line = '', fingerprint = ''] = /set (BACKUP_SSH_HOST_KEY=(\S+))/.exec(failed.hint) ?? []
  expect(await ssh('for f in /etc/ssh/*.pub; do ssh-keygen -lf $f; done')).toContain(fingerprint)
  await succeed('env', 'set', line, '--yes')
  expect(await ssh(run)).toBe('exit=0')
  expect(await ssh(`cd '${there}' && for f in *.tgz; do cmp $f ${FOLDER}/bundles/$f && echo same; done`)).toBe(
    'same\nsame',
  )
  await editEnv(rig, server, FOLDER, { LOGDB_AUTO_TO: '', BACKUP_SSH_KEY: '', BACKUP_SSH_HOST_KEY: '' })
  await ssh(`rm ${key} ${key}.pub`)
})

test('the Logs UI of the server opens here through SSH, and is gone afterwards', async () => {
  const running = startDeploy(tool, rig, server, ['ui', '--no-open'])
  const url = await firstLine(running.stdout)
  const login = await fetch(url, { redirect: 'manual' })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect(login.status).toBeLessThan(400)
  const page = await fetch(new URL('/ui/requests', url), { headers: { cookie } })
  expect(await page.text()).toContain('wombat')
  running.kill('SIGINT')
  await running
  expect(await ssh(`docker ps -aq --filter name=ai-proxy-ui-`)).toBe('')
})

function ui(path: string) {
  const url = `https://${domainOf(server)}/ui${path}`
  return request(url, { dispatcher: agentFor(server), headers: { authorization: `Bearer ${KEY}` } })
}

test('LOGUI=true shows them at https://DOMAIN/ui/ as they come, and a rollback takes that back', async () => {
  await succeed('env', 'set', 'LOGUI=true', '--yes')
  expect((await ui('/health')).statusCode).toBe(200)
  const { statusCode } = await request(`https://${domainOf(server)}/ui/v1/requests`, { dispatcher: agentFor(server) })
  expect(statusCode).toBe(401)
  await ask('a badger under the oak')
  const begun = performance.now()
  for (;;) {
    const { items } = (await (await ui('/v1/requests?limit=5')).body.json()) as { items: unknown[] }
    if (JSON.stringify(items).includes('badger')) break
    expect(performance.now() - begun).toBeLessThan(30_000)
    await delay(200)
  }
  expect(JSON.parse((await succeed('status', '--json')).stdout).result.ui).toMatchObject({ running: true })
  await succeed('doctor')
  // The follower and the routine share the log database.
  await ssh('systemctl start ai-proxy-routine.service')
  await succeed('--rollback', '--yes')
  expect(await ssh(`docker ps -aq --filter label=ai-deploy.ui`)).toBe('')
  expect((await ui('/health')).statusCode).toBe(404)
})

test('while one UI takes the place of another no page fails', async () => {
  await succeed('--yes')
  const seen = new Set<number>()
  const switched = new AbortController()
  const pages = (async () => {
    while (!switched.signal.aborted) {
      const { statusCode, body } = await ui('/v1/requests?limit=5')
      await body.dump()
      seen.add(statusCode)
    }
  })()
  const { stdout, stderr } = await succeed('env', 'set', 'LOGUI_RATE_LIMIT_RPS=900', '--yes')
  switched.abort()
  await pages
  expect(stdout + stderr).toContain('replace the Logs UI by that of release')
  expect([...seen]).toEqual([200])
  await succeed('env', 'set', 'LOGUI=false', '--yes')
})

test('the server is destroyed, and a new one gets its requests from what is here', async () => {
  const rigCommand = ['tsx', join(CLONE, 'scripts/rig.ts'), '--id', String(rig.id)]
  await execa('npx', [...rigCommand, 'up', '--fresh', '--suite', server.name])
  expect(await ssh(`ls -d ${FOLDER} 2>/dev/null | wc -l; command -v docker | wc -l`)).toBe('0\n0')
  await succeed('--yes')
  await logdb('bundle', 'create', '--out', 'all.tgz')
  await ssh(`mkdir -p ${FOLDER}/bundles`)
  const there = `${server.host}:${FOLDER}/bundles/all.tgz`
  expect(await logdb('bundle', 'transfer', 'all.tgz', there, '--ssh-config', rig.sshConfigPath)).toContain('verify=ok')
  await ssh(`cd ${FOLDER} && chown --reference=logs bundles/all.tgz && ./scripts/logdb bundle import bundles/all.tgz`)
  const found = (word: string) => ssh(`cd ${FOLDER} && ./scripts/logdb search ${word}`)
  for (const word of ['heron', 'wombat']) expect(await found(word)).toContain(word)
  await ssh(`cd ${FOLDER} && ./scripts/logdb verify --deep`)
  // What is asked of the new server comes here next to what was asked of the first.
  await ask('an otter after the flood')
  await succeed('logs', 'pull', '--to', join(here, 'logs/db'))
  for (const word of ['wombat', 'otter']) expect(await logdb('search', word)).toContain(word)
})
