import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../helpers/random.ts'
import {
  faultScenarios,
  problemsAfterFault,
  SCENARIO_NAMES,
  type Scenario,
  type ScenarioName,
} from '../../helpers/server/faults.ts'
import type { FaultKind } from '../../helpers/server/faulty-host.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { fastFolder, removeFolder } from '../../helpers/temp-folder.ts'

const KINDS: [FaultKind, ...FaultKind[]] = ['cut', 'torn', 'refused']
/** No change makes fewer calls. */
const CALLS = 20
const TIMEOUT_MS = 120_000

/** A sample; `npm run test:long` tries every call. */
describeWithStandIn('a change of a server at which a call goes wrong', () => {
  const folder = fastFolder()
  let project: StandInProject
  let scenarios: Record<ScenarioName, Scenario>

  beforeAll(async () => {
    project = await startStandInProject(folder)
    scenarios = await faultScenarios(project)
  }, TIMEOUT_MS)
  afterAll(() => {
    project?.close()
    removeFolder(folder)
  })

  const random = seededRandom(10)
  const sample = SCENARIO_NAMES.map((name) => [name, 1 + random.below(CALLS), random.pick(KINDS)] as const)
  test.each(sample)(
    '%s, call %i %s: one release answers, a plain run repairs',
    async (name, call, kind) => {
      expect(await problemsAfterFault(project, scenarios[name], { kind, call })).toEqual([])
    },
    TIMEOUT_MS,
  )
})
