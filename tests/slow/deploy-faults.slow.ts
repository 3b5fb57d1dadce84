import { expect, test } from 'vitest'
import { seededRandom } from '../helpers/random.ts'
import { describeFaults, FAULT_KINDS, problemsAfterFault, SCENARIO_NAMES } from '../helpers/server/faults.ts'

/** No change makes fewer calls. */
const CALLS = 20
const TIMEOUT_MS = 120_000

/** A sample; `npm run test:long` tries every call. */
describeFaults(
  'a change of a server at which a call goes wrong',
  (scenario) => {
    const random = seededRandom(10)
    const sample = SCENARIO_NAMES.map((name) => [name, 1 + random.below(CALLS), random.pick(FAULT_KINDS)] as const)
    test.each(sample)(
      '%s, call %i %s: one release answers, a plain run repairs',
      async (name, call, kind) => {
        expect(await problemsAfterFault(...scenario(name), { kind, call })).toEqual([])
      },
      TIMEOUT_MS,
    )
  },
  TIMEOUT_MS,
)
