import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { DAMAGES, FOLDER, WITH_LIVE } from '../helpers/rig/damage.ts'
import { addModel, CLONE, deployFolder, QUICK_ENV } from '../helpers/rig/deploy-folder.ts'
import { domainOf, e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'
import { plantSecret } from '../helpers/rig/secrets.ts'

const rig = e2eRig()
const server = serverOf(rig, 'bookworm')
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('repair') }

const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
const ssh = (command: string) => onServer(rig, server, command)
const breaking = (command: string) => ssh(WITH_LIVE + command)
const liveRelease = async () => JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live.release as string

/** What .env says, without what is known from nothing else. */
const knownEnv = () => ssh(`sort ${FOLDER}/.env | grep -v -e WATCH_S -e WARM_S`)

async function expectDone(...args: string[]): Promise<string> {
  const { exitCode, stderr } = await deploy(...args)
  expect(exitCode, stderr).toBe(0)
  return stderr
}

/** One release answers, it is the recorded one, and nothing else runs that was not told to stop. */
async function expectSettled(): Promise<void> {
  expect(await expectDone()).toContain('Nothing to change')
  const live = await breaking('echo $L')
  expect(`ai-proxy-${JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live.instance}`).toBe(live)
}

beforeAll(async () => {
  await expectDone('--yes')
  const provider = { OPENROUTER_BASE_URL: rig.upstreamUrl, OPENROUTER_API_KEY: plantSecret('or-repair-0123456789') }
  plantSecret((await editEnv(rig, server, FOLDER, provider))['API_KEYS'] ?? '')
  addModel(tool.cwd, 'second')
  await expectDone('--yes')
})

describe('a plain run repairs', () => {
  test.each(DAMAGES)('$what', async ({ command, says }) => {
    const [before, env] = [await liveRelease(), await knownEnv()]
    await breaking(command)
    expect(await expectDone('--yes')).toContain(says)
    await expectSettled()
    expect(await liveRelease()).toBe(before)
    expect(await knownEnv()).toBe(env)
    await ssh(`cd ${FOLDER}; grep -q WATCH_S .env || printf '${QUICK_ENV}' >> .env`)
  })

  test('a container that a killed run left running, also if nothing else is to do', async () => {
    const other = (await ssh(`ls ${FOLDER}/releases | sort`)).split('\n')[0]
    await ssh(
      `docker run -d --name ai-proxy-${other}-9 --label ai-deploy.release=${other} $(docker images ai-proxy -q | head -n 1) sleep 600`,
    )
    expect(await expectDone('--yes')).toContain(`stop ai-proxy-${other}-9, which a run that was cut off left behind`)
    await expectSettled()
  })
})

describe('a rollback', () => {
  test('works with a wrong .env there and here, and starts the edge', async () => {
    addModel(tool.cwd, 'third')
    await expectDone('--yes')
    const live = await liveRelease()
    await ssh(`cp ${FOLDER}/.env /root/env.kept; echo 'not a line' >> ${FOLDER}/.env; docker stop ai-proxy-edge`)
    writeFileSync(join(tool.cwd, '.env'), 'not a line\n')
    const stderr = await expectDone('--rollback', '--yes')
    writeFileSync(join(tool.cwd, '.env'), '')
    await ssh(`mv /root/env.kept ${FOLDER}/.env`)
    const back = await liveRelease()
    expect(stderr).toContain(`switch from release ${live} back to release ${back}`)
    expect(stderr).toContain('start the edge')
    expect(back).not.toBe(live)
  })

  test('goes to any release that is kept, which `releases` lists', async () => {
    const { stdout } = await deploy('releases', '--json')
    const { releases } = JSON.parse(stdout).result
    expect(releases.filter(({ state }: { state: string }) => state === 'live')).toHaveLength(1)
    const target = releases.find(
      ({ state, can_roll_back }: { state: string; can_roll_back: boolean }) => state !== 'live' && can_roll_back,
    )
    await expectDone('--rollback', target.release, '--yes')
    expect(await liveRelease()).toBe(target.release)
  })

  test('works on a full disk', async () => {
    await ssh(
      `cd ${FOLDER}/.. && docker stop $(docker ps -q) >/dev/null; mkdir -p small && mount -t tmpfs -o size=96m tmpfs small && cp -a ai-proxy/. small/ && mount --bind small ai-proxy`,
    )
    await expectDone('--yes')
    await ssh(`head -c 1048576 /dev/urandom > ${FOLDER}/.reserve; cat /dev/zero > ${FOLDER}/fill || true`)
    const live = await liveRelease()
    const { exitCode, stderr } = await deploy('--rollback', '--yes')
    await ssh(`rm ${FOLDER}/fill`)
    expect(exitCode, stderr).toBe(0)
    expect(await liveRelease()).not.toBe(live)
    await expectDone('--yes')
    await ssh(`cp -a ${FOLDER}/. /root/kept && umount ${FOLDER} && rm -rf ${FOLDER}/* && cp -a /root/kept/. ${FOLDER}`)
    // What runs still has the folders of the small disk open.
    await ssh('docker restart -t 1 $(docker ps -q)')
  })
})

test('clean up lets a release finish its running answers, however many deploys follow', async () => {
  const stopped = 'docker ps -a --filter label=ai-deploy.release --filter status=exited --format "{{.Names}}"'
  await ssh(`sed -n 's/^API_KEYS=/Authorization: Bearer /p' ${FOLDER}/.env > /root/key`)
  const first = await liveRelease()
  const domain = domainOf(server)
  const ask = (words: string) => {
    const body = JSON.stringify({ model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: words }] })
    return ssh(
      `curl -skN --resolve ${domain}:443:127.0.0.1 https://${domain}/v1/chat/completions -H @/root/key -H 'Content-Type: application/json' -d '${body}' | tail -n 2`,
    )
  }
  const streaming = ask('mock/hold-500')
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    addModel(tool.cwd, `after-${name}`)
    await expectDone('--yes')
  }
  expect(await ssh(`docker inspect -f '{{.State.Status}}' ai-proxy-${first}`)).toBe('running')
  await ask('mock/let-go')
  expect(await streaming).toContain('[DONE]')
  await expect.poll(() => ssh(stopped), { timeout: 30_000, interval: 500 }).toContain(first)
  addModel(tool.cwd, 'after-all')
  await expectDone('--yes')
  expect(await ssh(`ls ${FOLDER}/releases`)).not.toContain(first)
})
