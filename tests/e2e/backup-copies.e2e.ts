import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { openAiClient } from '../helpers/rig/client.ts'
import { addModel, CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { e2eRig, onServer, serverOf } from '../helpers/rig/rig-server.ts'
import { plantSecret } from '../helpers/rig/secrets.ts'
import { type S3Server, startS3Server } from '../helpers/server/s3-server.ts'

/** Backups of trixie that leave the server, and come back to one that is clean. It removes the gateway that is there. */
const rig = e2eRig()
const server = serverOf(rig, 'trixie')
const FOLDER = '/root/ai-proxy'
const KEY = 'sk-copies-0123456789abcdef'
const SECRET = 'S3RVER'
let s3: S3Server
let tool: DeployTool
let name = ''

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
const ssh = (command: string) => onServer(rig, server, command)
const backups = async () => JSON.parse((await deploy('backup', 'list', '--json')).stdout).result.backups
const clean = () =>
  execa('npx', ['tsx', join(CLONE, 'scripts/rig.ts'), '--id', String(rig.id), 'up', '--fresh', '--suite', 'trixie'])
/** What another file deployed there; the image stays. */
const removeGateway = () =>
  ssh(
    '! command -v docker >/dev/null || docker ps -aq | xargs -r docker rm -f; rm -rf /root/ai-proxy /home/admin/ai-proxy',
  )
const logdb = (line: string) => ssh(`cd ${FOLDER} && ./scripts/logdb ${line}`)

async function ask(words: string): Promise<void> {
  const messages = [{ role: 'user' as const, content: words }]
  const completion = await openAiClient(server, KEY).chat.completions.create({ model: 'echo', messages })
  expect(completion.choices[0]?.message.content).toContain(words)
}

/** Requests in the log databases that hold these words. */
const found = async (words: string) => {
  const query = `SELECT count(*) AS n FROM requests WHERE request_json LIKE '%${words}%'`
  return JSON.parse(await logdb(`query "${query}" --nl`)).n
}

async function succeed(...args: string[]) {
  const outcome = await deploy(...args)
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  return outcome
}

beforeAll(async () => {
  s3 = await startS3Server(rig.gateway)
  const identity = plantSecret(await generateX25519Identity())
  const env = {
    ...{ API_KEYS: KEY, BACKUP_TO: 's3://bucket/trixie', BACKUP_S3_ENDPOINT: s3.settings.endpoint },
    ...{ BACKUP_S3_REGION: 'us-east-1', BACKUP_S3_ACCESS_KEY_ID: SECRET, BACKUP_S3_SECRET_ACCESS_KEY: SECRET },
  }
  const lines = Object.entries(env).map(([variable, value]) => `${variable}=${value}\n`)
  tool = {
    command: ['node', join(CLONE, 'dist/deploy/cli.js')],
    cwd: deployFolder('copies', { env: lines.join('') }),
  }
  writeFileSync(join(tool.cwd, 'key.txt'), `${identity}\n`)
  writeFileSync(join(tool.cwd, 'recipient'), await identityToRecipient(identity))
})
afterAll(() => s3?.close())

test('a deploy that would send backups in clear is refused before it changes anything', async () => {
  await removeGateway()
  const { exitCode, stderr } = await deploy('--yes')
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('BACKUP_AGE_RECIPIENT')])
  expect(await ssh(`ls -A ${FOLDER} 2>/dev/null | wc -l`)).toBe('0')
})

test('backups with log databases are sent encrypted from the server, and listed', async () => {
  await execa('sh', ['-c', 'printf "BACKUP_AGE_RECIPIENT=%s\\n" "$(cat recipient)" >> .env'], { cwd: tool.cwd })
  await succeed('--yes')
  for (const words of ['apples', 'pears']) await ask(words)
  await logdb('ingest --quiet')
  const { stderr } = await succeed('backup', 'create', '--yes')
  expect(stderr).toMatch(/Sent \S+\.tar\.gz\.age to s3:\/\/bucket\/trixie/)
  const [newest] = await backups()
  expect(newest).toMatchObject({ has_logs: true, is_consistent: true, copy: 's3://bucket/trixie' })
  name = newest.name
  expect((await succeed('backup', 'verify', name)).stdout).toMatch(/^(\d+) of \1 log databases are whole$/m)
})

test('restored log databases lack what was forgotten meanwhile, and have what was logged meanwhile', async () => {
  const [id] = (await logdb('query "SELECT request_id FROM requests WHERE request_json LIKE \'%apples%\'" --nl'))
    .split('\n')
    .map((line) => JSON.parse(line).request_id)
  await logdb(`forget --request-id ${id} --yes --quiet`)
  await ask('cherries')
  expect([await found('apples'), await found('pears')]).toEqual([0, 1])
  const { stderr, stdout } = await succeed('backup', 'restore', name, '--include-logs', '--yes')
  expect(stderr + stdout).toContain('read all logs into the log databases again')
  expect(await Promise.all(['apples', 'pears', 'cherries'].map(found))).toEqual([0, 1, 1])
  expect((await logdb('verify --deep')).split('\n').every((line) => line.endsWith(' ok'))).toBe(true)
  expect(await ssh(`ls -d ${FOLDER}/logs/db.*`)).toMatch(new RegExp(`^${FOLDER}/logs/db\\.before-[\\d-]+$`))
})

test('another machine by SSH gets them only when its host key is pinned', async () => {
  await ssh(
    `ssh-keygen -q -t ed25519 -N '' -f /root/backup-key && cat /root/backup-key.pub >> /root/.ssh/authorized_keys
     cd ${FOLDER} && sed -i '/^BACKUP_TO=/d' .env && printf 'BACKUP_TO=127.0.0.1:/srv/copies\\nBACKUP_SSH_KEY=/root/backup-key\\n' >> .env`,
  )
  const unknown = await succeed('backup', 'create', '--yes')
  const [, fingerprint] = /set BACKUP_SSH_HOST_KEY=(SHA256:\S+) in \.env/.exec(unknown.stderr) ?? []
  expect(fingerprint, unknown.stderr).toBeDefined()
  expect(await ssh('ls /srv/copies 2>/dev/null | wc -l')).toBe('0')
  await ssh(`echo BACKUP_SSH_HOST_KEY=${fingerprint} >> ${FOLDER}/.env`)
  addModel(tool.cwd, 'another')
  await succeed('--yes')
  const [newest] = await backups()
  expect(newest.copy).toBe('root@127.0.0.1:/srv/copies')
  expect(await ssh(`head -c 21 /srv/copies/${newest.name}.age`)).toBe('age-encryption.org/v1')
})

test('no secret is in the audit, in the list of copies, or in a container', async () => {
  const texts = await ssh(
    `cat ${FOLDER}/audit.jsonl ${FOLDER}/backups/copies.json ${FOLDER}/releases/*/*.env; docker inspect $(docker ps -aq); ls -A ${FOLDER}/backups`,
  )
  expect(texts).not.toContain(SECRET)
  expect(texts).not.toContain('.job-')
})

test('a copy is pulled when the server has lost the backup, and restored onto a clean server', async () => {
  await ssh(`rm ${FOLDER}/backups/${name}; sed -i 's,^BACKUP_TO=.*,BACKUP_TO=s3://bucket/trixie,' ${FOLDER}/.env`)
  expect((await backups()).find((row: { name: string }) => row.name === name)).toMatchObject({ kind: 'copy' })
  await succeed('backup', 'pull', name)
  await clean()
  const refused = await deploy('backup', 'restore', `./${name}.age`, '--yes')
  expect([refused.exitCode, refused.stderr]).toEqual([50, expect.stringContaining('--age-identity FILE')])
  await succeed('backup', 'restore', `./${name}.age`, '--age-identity', 'key.txt', '--yes')
  await ask('plums')
  expect(await Promise.all(['apples', 'pears'].map(found))).toEqual([1, 1])
  expect((await backups()).length).toBe(0)
})
