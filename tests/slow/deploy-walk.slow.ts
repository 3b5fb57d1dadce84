import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploy } from '../../deploy/commands/deploy.ts'
import { seededRandom } from '../helpers/random.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../helpers/server/stand-in-project.ts'
import { standInWalk } from '../helpers/server/stand-in-walk.ts'
import { walk } from '../helpers/server/walk.ts'
import { fastFolder, removeFolder } from '../helpers/temp-folder.ts'

const MOVES = 5
const TIMEOUT_MS = 120_000

/** A short walk; `npm run test:long` makes hundreds, here and on a real server. */
describeWithStandIn('a server to which anything happens', () => {
  const folder = fastFolder()
  let project: StandInProject

  beforeAll(async () => {
    project = await startStandInProject(folder)
    await project.run(deploy)
    project.addModel('first')
    await project.run(deploy)
  }, TIMEOUT_MS)
  afterAll(() => {
    project?.close()
    removeFolder(folder)
  })

  test(
    `after each of ${MOVES} random moves one plain run repairs it`,
    async () => {
      expect(await walk(standInWalk(project), seededRandom(7), MOVES)).toEqual([])
    },
    TIMEOUT_MS,
  )
})
