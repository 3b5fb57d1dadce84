import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { openAiClient } from '../helpers/rig/client.ts'
import { CLONE, deployFolder, temporaryFolder } from '../helpers/rig/deploy-folder.ts'
import { domainOf, e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'

/** A backup of bookworm as root, and what becomes of it on trixie, which is made clean. */
const rig = e2eRig()
const from = serverOf(rig, 'bookworm')
const to = serverOf(rig, 'trixie')
const FOLDER = '/root/ai-proxy'
const KEY = 'sk-restore-0123456789abcdef'
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('restore') }
const folder = temporaryFolder('restored')
let archive = ''

const ssh = (command: string) => onServer(rig, to, command)

async function ask(server: typeof to, words: string): Promise<void> {
  const messages = [{ role: 'user' as const, content: words }]
  const completion = await openAiClient(server, KEY).chat.completions.create({ model: 'echo', messages })
  expect(completion.choices[0]?.message.content).toContain(words)
}

async function succeed(server: typeof to, ...args: string[]) {
  const outcome = await aiDeploy(tool, rig, server, args)
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  return outcome
}

beforeAll(async () => {
  await succeed(from, '--yes')
  // Another file may have deployed to the server before, with other keys.
  await editEnv(rig, from, FOLDER, { API_KEYS: KEY })
  await succeed(from, '--yes')
  await ask(from, 'apricots')
  await onServer(rig, from, `cd ${FOLDER} && rm -rf logs/db && ./scripts/logdb ingest --from ./logs >/dev/null`)
  await succeed(from, 'backup', 'create', '--yes')
  const { stdout } = await succeed(from, '--list-backups', '--json')
  const [newest] = JSON.parse(stdout).result.backups
  archive = join(folder, newest.name)
  await execa('scp', ['-q', '-F', rig.sshConfigPath, `${from.host}:${FOLDER}/backups/${newest.name}`, folder])
  const rigCommand = ['tsx', join(CLONE, 'scripts/rig.ts'), '--id', String(rig.id)]
  await execa('npx', [...rigCommand, 'up', '--fresh', '--suite', to.name])
})

test('onto a clean server brings back the gateway, its keys and its log databases', async () => {
  const { stderr } = await succeed(to, '--restore-backup', archive, '--yes')
  expect(stderr).toContain('put its log databases in place')
  // It is another server, which keeps its name.
  expect(stderr).toContain(`Note: this server keeps its own DOMAIN, ${domainOf(to)}; --keep-domain takes`)
  await ask(to, 'plums')
  expect(await ssh(`ls ${FOLDER}/logs/db/control.sqlite3 && ls -a ${FOLDER} | grep -c restore || true`)).toBe(
    `${FOLDER}/logs/db/control.sqlite3\n0`,
  )
  expect(await ssh(`cd ${FOLDER} && ./scripts/logdb search apricots`)).toContain('apricots')
})

test('--include-logs moves the present log databases aside as a whole', async () => {
  await ssh(`touch ${FOLDER}/logs/db/mine`)
  await succeed(to, '--restore-backup', archive, '--include-logs', '--yes')
  expect(await ssh(`ls ${FOLDER}/logs/db.before-*/mine | wc -l; ls ${FOLDER}/logs/db | grep -c mine || true`)).toBe(
    '1\n0',
  )
})
