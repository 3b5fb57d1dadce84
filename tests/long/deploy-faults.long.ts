import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callsOf,
  faultScenarios,
  problemsAfterFault,
  SCENARIO_NAMES,
  type Scenario,
  type ScenarioName,
} from '../helpers/server/faults.ts'
import type { FaultKind } from '../helpers/server/faulty-host.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../helpers/server/stand-in-project.ts'
import { fastFolder, removeFolder } from '../helpers/temp-folder.ts'

const KINDS: FaultKind[] = ['cut', 'torn', 'refused']

describeWithStandIn('a change of a server', () => {
  const folder = fastFolder()
  let project: StandInProject
  let scenarios: Record<ScenarioName, Scenario>

  beforeAll(async () => {
    project = await startStandInProject(folder)
    scenarios = await faultScenarios(project)
  })
  afterAll(() => {
    project?.close()
    removeFolder(folder)
  })

  for (const kind of KINDS) {
    test.each(SCENARIO_NAMES)(`%s with each call ${kind}: one release answers, a plain run repairs`, async (name) => {
      const scenario = scenarios[name]
      const calls = await callsOf(project, scenario)
      const problems: Record<number, string[]> = {}
      for (let call = 1; call <= calls; call++) {
        const found = await problemsAfterFault(project, scenario, { kind, call })
        if (found.length > 0) problems[call] = found
      }
      process.stdout.write(`${name}, ${kind}: ${calls} calls ${JSON.stringify(problems)}\n`)
      expect(problems).toEqual({})
    })
  }
})
