import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { openAiClient } from '../helpers/rig/client.ts'
import { addModel, CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { domainOf, e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'

/** Backups of bookworm as root. */
const rig = e2eRig()
const server = serverOf(rig, 'bookworm')
const FOLDER = '/root/ai-proxy'
const KEY = 'sk-backups-0123456789abcdef'
const tool: DeployTool = {
  command: ['node', join(CLONE, 'dist/deploy/cli.js')],
  cwd: deployFolder('backups', { env: `API_KEYS=${KEY}\n` }),
}

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
const ssh = (command: string) => onServer(rig, server, command)
const newestName = async () => JSON.parse((await deploy('--list-backups', '--json')).stdout).result.backups[0].name

async function expectAnswer(): Promise<void> {
  const messages = [{ role: 'user' as const, content: 'hello' }]
  const completion = await openAiClient(server, KEY).chat.completions.create({ model: 'echo', messages })
  expect(completion.choices[0]?.message.content).toContain('hello')
}

/** A change of config.yml, deployed. */
async function deployChange(name: string, ...args: string[]) {
  addModel(tool.cwd, name)
  const outcome = await deploy('--yes', ...args)
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  return outcome
}

beforeAll(async () => {
  const { exitCode, stderr } = await deploy('--yes')
  expect(exitCode, stderr).toBe(0)
  // Another file may have deployed to the server before, with other keys, and made a backup with logs today.
  await editEnv(rig, server, FOLDER, { API_KEYS: KEY, BACKUP_LOGS: 'always' })
})

// It belongs to root, so the user of the gateway could not read the logs into it.
afterAll(() => ssh(`rm -rf ${FOLDER}/logs/db`))

describe('a backup never blocks what repairs', () => {
  test('damaged, root-owned and foreign databases are named, and the deploy continues', async () => {
    await ssh(`cd ${FOLDER}/logs && mkdir -p db/2025 && echo text > db/2025/broken.sqlite3 && chmod 700 db/2025`)
    const { stderr } = await deployChange('one')
    expect(stderr).toMatch(
      /Warning: backups\/\S+ holds logs\/db\/2025\/broken\.sqlite3 as it is, not as a consistent copy/,
    )
    const [newest] = JSON.parse((await deploy('--list-backups', '--json')).stdout).result.backups
    expect(newest).toMatchObject({ kind: 'ai-deploy', domain: domainOf(server), has_logs: true, is_consistent: false })
  })

  test('with every image and container gone one run repairs the server', async () => {
    await ssh('docker rm -f $(docker ps -aq) >/dev/null; docker system prune -af >/dev/null')
    const { exitCode, stderr } = await deploy('--yes')
    expect(exitCode, stderr).toBe(0)
    await expectAnswer()
  })

  test('--no-backup writes none, and the audit says so', async () => {
    const before = await newestName()
    await deployChange('two', '--no-backup')
    expect(await newestName()).toBe(before)
    expect(JSON.parse(await ssh(`tail -n 1 ${FOLDER}/audit.jsonl`))).toMatchObject({ result: 'ok', no_backup: true })
  })

  test('names from the future and archives of others remove nothing of ours', async () => {
    await ssh(`cd ${FOLDER}/backups && for i in 1 2 3 4 5; do echo x > ai-proxy-backup-2099010$i-000000.tar.gz; done`)
    const before = await newestName()
    await deployChange('three')
    const names = JSON.parse((await deploy('--list-backups', '--json')).stdout).result.backups.map(
      ({ name }: { name: string }) => name,
    )
    expect(names).toContain(before)
    expect(names.filter((name: string) => name.includes('-2099'))).toHaveLength(5)
  })
})
