import { expect, test } from 'vitest'
import { callsOf, describeFaults, FAULT_KINDS, problemsAfterFault, SCENARIO_NAMES } from '../helpers/server/faults.ts'

describeFaults('a change of a server', (scenario) => {
  for (const kind of FAULT_KINDS) {
    test.each(SCENARIO_NAMES)(`%s with each call ${kind}: one release answers, a plain run repairs`, async (name) => {
      const change = scenario(name)
      const calls = await callsOf(...change)
      const problems: Record<number, string[]> = {}
      for (let call = 1; call <= calls; call++) {
        const found = await problemsAfterFault(...change, { kind, call })
        if (found.length > 0) problems[call] = found
      }
      process.stdout.write(`${name}, ${kind}: ${calls} calls ${JSON.stringify(problems)}\n`)
      expect(problems).toEqual({})
    })
  }
})
