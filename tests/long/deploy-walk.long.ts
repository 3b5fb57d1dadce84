import { expect, test } from 'vitest'
import { deploy } from '../../deploy/commands/deploy.ts'
import { seededRandom } from '../helpers/random.ts'
import { describeWithStandIn, startStandInProject } from '../helpers/server/stand-in-project.ts'
import { standInWalk } from '../helpers/server/stand-in-walk.ts'
import { walk } from '../helpers/server/walk.ts'
import { fastFolder, removeFolder } from '../helpers/temp-folder.ts'

const WALKS = Number(process.env['DEPLOY_WALKS'] ?? 200)
const FIRST_SEED = Number(process.env['DEPLOY_WALK_SEED'] ?? 1)
const MOVES = 6

describeWithStandIn('a server to which anything happens', () => {
  test(`after each move of ${WALKS} random walks one plain run repairs it`, async () => {
    const folder = fastFolder()
    const project = await startStandInProject(folder)
    try {
      await project.run(deploy)
      project.addModel('first')
      await project.run(deploy)
      const begin = project.server.save()
      const failures: Record<number, string[]> = {}
      for (let seed = FIRST_SEED; seed < FIRST_SEED + WALKS; seed++) {
        begin()
        const found = await walk(standInWalk(project), seededRandom(seed), MOVES)
        if (found.length === 0) continue
        failures[seed] = found
        process.stdout.write(`walk ${seed}: ${found.join('\n')}\n`)
      }
      expect(failures).toEqual({})
    } finally {
      project.close()
      removeFolder(folder)
    }
  })
})
