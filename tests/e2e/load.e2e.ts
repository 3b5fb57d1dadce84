import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { addModel, CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { type LoadKind, type LoadResult, startLoad } from '../helpers/rig/load.ts'
import { e2eRig, editEnv, onServer, serverOf } from '../helpers/rig/rig-server.ts'
import { plantSecret } from '../helpers/rig/secrets.ts'

/** What clients notice of deploys and rollbacks: nothing. */
const rig = e2eRig()
const server = serverOf(rig, 'bookworm')
const FOLDER = '/root/ai-proxy'
const DYNAMIC = `${FOLDER}/edge/dynamic`
const CYCLES = 5
const LONG_STREAM_S = 120
const tool: DeployTool = {
  command: ['node', join(CLONE, 'dist/deploy/cli.js')],
  cwd: deployFolder('load'),
}
let apiKey = ''

const ssh = (command: string) => onServer(rig, server, command)

async function deploy(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await aiDeploy(tool, rig, server, [...args, '--yes'])
  expect(exitCode, stderr).toBe(0)
}

beforeAll(async () => {
  await deploy()
  const provider = { OPENROUTER_BASE_URL: rig.upstreamUrl, OPENROUTER_API_KEY: plantSecret('or-load-0123456789') }
  const { API_KEYS = '' } = await editEnv(rig, server, FOLDER, provider)
  apiKey = plantSecret(API_KEYS)
  await deploy()
})

const failuresOf = ({ socketErrors, badStatuses, cut }: LoadResult) => ({ socketErrors, badStatuses, cut })

/** What the gateway wrote of requests that failed, how its containers ended, and what they printed. */
async function whatServerSaw(failures: string[]): Promise<string> {
  const ids = failures.flatMap((text) => text.match(/request (\S+)/)?.[1] ?? [])
  const records = ids.map((id) => `grep -hF ${id} ${FOLDER}/logs/requests-*.jsonl | cut -c 1-600`)
  const containers = `docker ps -a --format '{{.Names}} {{.Status}}'
docker events --since 5m --until 0s --filter event=kill --filter event=die --filter event=oom \\
  --format '{{.Time}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}}'
for one in $(docker ps -aq --filter label=ai-deploy.release) ai-proxy-edge; do
  docker inspect -f '{{.Name}} {{.State.StartedAt}} {{.State.FinishedAt}} {{.State.ExitCode}} {{.State.OOMKilled}}' $one
  docker logs --since 5m --timestamps --tail 20 $one 2>&1
done`
  return ssh(`${[...records, containers].join('\n')}; true`)
}

/** How many log records each id is in, by that number. */
async function recordsOf(ids: string[]): Promise<Record<number, number>> {
  const lines = (await ssh(`cat ${FOLDER}/logs/requests-*.jsonl`)).split('\n')
  const counts = new Map(ids.map((id) => [id, 0]))
  for (const line of lines) {
    const found = new Set(line.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g))
    for (const id of found) if (counts.has(id)) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  const result: Record<number, number> = {}
  for (const count of counts.values()) result[count] = (result[count] ?? 0) + 1
  return result
}

test(`${CYCLES} deploys and rollbacks fail no request, cut no stream and lose no record`, async () => {
  // One stream only, which outlives more than five changes.
  const only: Record<LoadKind, number> = { keepAlive: 0, fresh: 0, post: 0, stream: 1 }
  const long = startLoad(server, { apiKey, loops: only, streamS: LONG_STREAM_S }).stop()
  const load = startLoad(server, { apiKey, streamS: 20 })
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    addModel(tool.cwd, `load-${cycle}`)
    await deploy()
    await deploy('--rollback')
  }
  const result = await load.stop()
  const ofLong = await long
  process.stdout.write(`${JSON.stringify({ ...result.answers, p99Ms: result.p99Ms, maxMs: result.maxMs })}\n`)
  for (const one of [result, ofLong]) {
    const seen = one.failures.length === 0 ? '' : `${one.failures.join('\n')}\n${await whatServerSaw(one.failures)}`
    expect(failuresOf(one), seen).toEqual({ socketErrors: {}, badStatuses: {}, cut: 0 })
  }
  expect(ofLong.answers.stream).toBe(1)
  expect(result.releases.size).toBeGreaterThan(CYCLES)
  for (const count of Object.values(result.answers)) expect(count).toBeGreaterThan(5)
  const ids = [...result.ids, ...ofLong.ids]
  expect(await recordsOf(ids)).toEqual({ 1: ids.length })
})

/** Done by hand, and wrong: the same load must notice each. `$L` is the live container, `$N` one of another release. */
describe('the load notices', () => {
  const begin = `cd ${DYNAMIC}; L=$(sed -n 's#.*http://\\(ai-proxy-[0-9-]*\\):.*#\\1#p' app.yml | head -n 1)
N=$(docker ps -a --filter label=ai-deploy.release --format '{{.Names}}' | grep -vx "$L" | head -n 1)
next() { docker start $N; until docker exec $N node -e "fetch('http://127.0.0.1:8123/ready').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"; do sleep 0.2; done; }
flip() { sed "s#$L:#$N:#" app.yml > ../app.new && mv ../app.new app.yml; sleep 2; }
`
  const twoSteps = 'sed "s#$L:#$N:#" app.yml > ../app.new; : > app.yml; sleep 1; cat ../app.new > app.yml'
  const seen = ({ socketErrors, badStatuses, cut }: LoadResult) =>
    cut + [...Object.values(socketErrors), ...Object.values(badStatuses)].reduce((sum, count) => sum + count, 0)

  test.each([
    ['a release that is stopped before the route moves', 'true', 'docker stop -t 1 $L; next; flip'],
    ['a release that is ended with its running answers', 'next', 'flip; docker kill $L'],
    ['a route that is written in two steps', 'next', twoSteps],
  ])('%s', async (_what, prepare, wrong) => {
    await deploy()
    await ssh(begin + prepare)
    const load = startLoad(server, { apiKey, streamS: 8 })
    await ssh(`${begin}sleep 1; ${wrong}; sleep 1`)
    const result = await load.stop()
    process.stdout.write(`${JSON.stringify(failuresOf(result))}\n`)
    expect(seen(result)).toBeGreaterThan(0)
  })
})
