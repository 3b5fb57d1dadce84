import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultScenarios, problemsAfterFault, type Scenario } from '../helpers/server/faults.ts'
import type { FaultKind } from '../helpers/server/faulty-host.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../helpers/server/stand-in-project.ts'
import { fastFolder, removeFolder } from '../helpers/temp-folder.ts'

const KINDS: FaultKind[] = ['cut', 'torn', 'refused']
const NAMES = ['a first deploy', 'a deploy', 'a change of .env', 'a rollback', 'a restore']

describeWithStandIn('a change of a server', () => {
  const folder = fastFolder()
  let project: StandInProject
  let scenarios: Scenario[]

  beforeAll(async () => {
    project = await startStandInProject(folder)
    scenarios = await faultScenarios(project)
  })
  afterAll(() => {
    project?.close()
    removeFolder(folder)
  })

  for (const kind of KINDS) {
    test.each(NAMES)(
      `%s with each of its calls ${kind}: one release answers, and a plain run repairs`,
      async (name) => {
        const scenario = scenarios.find((candidate) => candidate.name === name)
        if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
        const problems: Record<number, string[]> = {}
        for (let call = 1; call <= scenario.calls; call++) {
          const found = await problemsAfterFault(project, scenario, { kind, call })
          if (found.length > 0) problems[call] = found
        }
        process.stdout.write(`${name}, ${kind}: ${scenario.calls} calls\n`)
        expect(problems).toEqual({})
      },
    )
  }
})
