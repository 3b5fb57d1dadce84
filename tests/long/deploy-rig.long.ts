import { join } from 'node:path'
import { expect } from 'vitest'
import { needing } from '../helpers/needs.ts'
import { seededRandom } from '../helpers/random.ts'
import type { DeployTool } from '../helpers/rig/ai-deploy.ts'
import { aiDeploy } from '../helpers/rig/ai-deploy.ts'
import { addModel, CLONE, deployFolder } from '../helpers/rig/deploy-folder.ts'
import { e2eRig, serverOf } from '../helpers/rig/rig-server.ts'
import { rigWalk } from '../helpers/rig/rig-walk.ts'
import { walk } from '../helpers/server/walk.ts'

const WALKS = Number(process.env['RIG_WALKS'] ?? 200)
const FIRST_SEED = Number(process.env['RIG_WALK_SEED'] ?? 1)
const MOVES = 3
const TIMEOUT_MS = 24 * 60 * 60_000

/** On the rig that E2E_RIG_ID names: `npm run rig -- --id 90 up`, then `E2E_RIG_ID=90 npm run test:long -- deploy-rig`. */
needing('a rig in E2E_RIG_ID', process.env['E2E_RIG_ID'] !== undefined)(
  `after each move of ${WALKS} random walks one plain run repairs a real server`,
  async () => {
    const rig = e2eRig()
    const server = serverOf(rig, 'bookworm')
    const tool: DeployTool = { command: ['node', join(CLONE, 'dist/deploy/cli.js')], cwd: deployFolder('walk') }
    for (const name of ['first', 'second']) {
      addModel(tool.cwd, name)
      expect(await aiDeploy(tool, rig, server, ['--yes'])).toMatchObject({ exitCode: 0 })
    }
    const failures: Record<number, string[]> = {}
    for (let seed = FIRST_SEED; seed < FIRST_SEED + WALKS; seed++) {
      const found = await walk(rigWalk(tool, rig, server), seededRandom(seed), MOVES)
      process.stdout.write(`walk ${seed}: ${found.join('\n') || 'repaired'}\n`)
      if (found.length > 0) failures[seed] = found
    }
    expect(failures).toEqual({})
  },
  TIMEOUT_MS,
)
