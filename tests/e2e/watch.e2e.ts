import { beforeAll, describe, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { addModel, changedClone, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { startLoad } from '../helpers/rig/load.ts'
import { e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'

/** Releases that turn bad after they took over, and the one that keeps running for a rollback. */
const rig = e2eRig()
const server = serverOf(rig, 'trixie')
const FOLDER = '/root/ai-proxy'
const KEY = 'sk-watch-0123456789abcdef'

/**
 * Turns the gateway bad some seconds after its first request without the canary header, so after it took over; a variable
 * that gateways read says in which way. Node begins no request of a client that has gone, so neither does the slow one: the
 * gateway would wait for the end of it until the drain timeout.
 */
const FAULTS = `
import { Server as HttpServer } from 'node:http'
const fault = process.env['FAULT_API_KEY']
const emitBefore = HttpServer.prototype.emit
let badFromMs = Number.POSITIVE_INFINITY
interface Request { url?: string; headers: Record<string, unknown> }
interface Response { destroyed: boolean; writeHead(status: number): { end(): void } }
function takeOver() {
  badFromMs = performance.now() + 2000
  if (fault === 'exit') setTimeout(() => process.exit(1), 3000)
  if (fault === 'block') setTimeout(() => { for (;;); }, 3000)
}
Object.assign(HttpServer.prototype, {
  emit(this: HttpServer, ...args: [name: string, request: Request, response: Response]) {
    const [name, request, response] = args
    const emit = () => Reflect.apply(emitBefore, this, args)
    if (name !== 'request') return emit()
    const isClient = request.headers['x-ai-proxy-canary'] === undefined && request.url === '/v1/models'
    if (isClient && badFromMs === Number.POSITIVE_INFINITY) takeOver()
    if (performance.now() < badFromMs) return emit()
    if (fault === 'unready' && request.url === '/ready') return response.writeHead(503).end()
    if (fault === 'slow' && request.url?.endsWith('/completions')) return setTimeout(() => response.destroyed || emit(), 2500)
    return emit()
  },
})
`

const tool: DeployTool = {
  command: ['node', changedClone('watch', FAULTS)],
  cwd: deployFolder('watch', {
    env: `API_KEYS=${KEY}\nOPENROUTER_API_KEY=any\nOPENROUTER_BASE_URL=${rig.upstreamUrl}\n`,
  }),
}
const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
const ssh = (command: string) => onServer(rig, server, command)
const setEnv = (name: string, value: string) =>
  ssh(`cd ${FOLDER} && sed -i '/^${name}=/d' .env && echo ${name}=${value} >> .env`)
const liveRelease = async () => JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live.release as string
const stateOf = (release: string) => ssh(`docker inspect -f '{{.State.Status}}' ai-proxy-${release}`)

async function expectDone(...args: string[]) {
  const { exitCode, stdout, stderr } = await deploy(...args, '--json')
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout).result as { release: string; changes: string[]; steps: { step: string; ms: number }[] }
}

beforeAll(async () => {
  await expectDone('--yes')
  // Another file may have deployed to the server before, with other keys.
  const env = { API_KEYS: KEY, OPENROUTER_API_KEY: 'any', OPENROUTER_BASE_URL: rig.upstreamUrl, WATCH_S: '30' }
  await editEnv(rig, server, FOLDER, env)
  await expectDone('--yes')
})

describe('a release that turns bad after it took over goes back by itself', () => {
  test.each([
    ['exit', 'it ended and was started again|its container is'],
    ['block', 'it has not been ready for|completions of the built-in model failed'],
    ['unready', 'it has not been ready for'],
    ['slow', 'a completion of the built-in model takes 2\\.\\d s through the edge, and took 0'],
  ])('%s', async (fault, why) => {
    const before = await liveRelease()
    await setEnv('FAULT_API_KEY', fault)
    const { exitCode, stderr } = await deploy('--yes')
    expect(exitCode, stderr).toBe(35)
    expect(stderr).toMatch(new RegExp(`✖ Release \\S+ does not work: (${why})`))
    const load = startLoad(server, { apiKey: KEY })
    expect(await liveRelease()).toBe(before)
    expect(await ssh(`readlink ${FOLDER}/current`)).toBe(`releases/${before}`)
    const { releases } = JSON.parse((await deploy('releases', '--json')).stdout).result
    expect(releases[0]).toMatchObject({ state: 'taken back', can_roll_back: false })
    expect(await ssh(`docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' ai-proxy-${releases[0].release}`)).toBe(
      'no',
    )
    expect(JSON.parse(await ssh(`tail -n 1 ${FOLDER}/audit.jsonl`))).toMatchObject({ result: 'WATCH_FAILED' })
    const { failures, releases: answering } = await load.stop()
    expect(failures).toEqual([])
    expect([...answering]).toEqual([before])
  })

  test('and the next run says nothing to change, once the setting is as it was', async () => {
    await ssh(`sed -i '/^FAULT/d' ${FOLDER}/.env`)
    expect((await deploy()).stderr).toContain('Nothing to change')
  })
})

describe('the previous release', () => {
  test('keeps running, and a rollback to it only moves the route', async () => {
    await setEnv('WATCH_S', '3')
    await setEnv('WARM_S', '600')
    const first = await liveRelease()
    addModel(tool.cwd, 'warm')
    const { release: second, changes } = await expectDone('--yes')
    expect(changes).toContain(`stop release ${first} in 10 minutes`)
    expect(await stateOf(first)).toBe('running')
    expect((await deploy()).stderr).toContain('Nothing to change')
    const { changes: back, steps } = await expectDone('--rollback', '--yes')
    expect(back[0]).toBe(`switch from release ${second} back to release ${first}, which is still running`)
    expect(steps.map(({ step }) => step)).not.toContain('Start the release')
    process.stdout.write(`Rollback to a warm release: ${JSON.stringify(steps)}\n`)
    expect([await liveRelease(), await stateOf(second)]).toEqual([first, 'running'])
    await expectDone('--rollback', '--watch', '--yes')
    expect([await liveRelease(), await stateOf(first)]).toEqual([second, 'running'])
  })

  test('is stopped by a timer of the server', async () => {
    await setEnv('WARM_S', '5')
    const before = await liveRelease()
    addModel(tool.cwd, 'timer')
    await expectDone('--yes')
    await expect.poll(() => stateOf(before), { timeout: 30_000, interval: 500 }).toBe('exited')
    expect(await ssh(`ls ${FOLDER}/warm`)).not.toContain('release')
    expect((await deploy()).stderr).toContain('Nothing to change')
  })

  test('is not started again by a reboot, and is not in the way of the next run', async () => {
    await setEnv('WARM_S', '600')
    const before = await liveRelease()
    addModel(tool.cwd, 'engine')
    await expectDone('--yes')
    await ssh('systemctl restart docker')
    await expect.poll(() => stateOf(before), { timeout: 30_000, interval: 500 }).toBe('exited')
    await expect.poll(async () => (await deploy()).stderr, { timeout: 60_000 }).toContain('Nothing to change')
  })
})
