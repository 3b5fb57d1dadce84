import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../helpers/random.ts'
import { aiDeploy, type DeployTool } from '../helpers/rig/ai-deploy.ts'
import { addModel, CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { e2eRig, serverOf } from '../helpers/rig/rig-server.ts'
import { rigWalk } from '../helpers/rig/rig-walk.ts'

/** A few of what `npm run test:long` does hundreds of times. */
const rig = e2eRig()
const server = serverOf(rig, 'bookworm')
const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('cut-off') }
const { moves, problems } = rigWalk(tool, rig, server)

beforeAll(async () => {
  for (const name of ['cut-off-1', 'cut-off-2']) {
    addModel(tool.cwd, name)
    const { exitCode, stderr } = await aiDeploy(tool, rig, server, ['--yes'])
    expect(exitCode, stderr).toBe(0)
  }
})

test.each([
  ['a killed deploy', 1],
  ['a killed deploy', 2],
  ['a killed rollback', 3],
  ['a dropped connection', 4],
  ['a dropped connection', 5],
  ['an engine that restarts', 6],
  ['a reboot', 7],
])('%s (seed %i): one plain run repairs, the next has nothing to do', async (name, seed) => {
  await moves[name]?.(seededRandom(seed))
  expect(await problems()).toEqual([])
})
