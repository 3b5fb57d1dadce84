import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../../errors.ts'
import type { Change } from '../../plan/change.ts'
import { type GatewayAddress, gatewayUrl } from '../../plan/gateway-address.ts'
import { checkCompletions, checkReading } from '../../probe/checks.ts'
import { outsideProbe } from '../../probe/outside-probe.ts'
import type { Probe } from '../../probe/probe.ts'
import type { Definition } from '../definition.ts'

const TIMEOUT_MS = 10_000
const POLL_MS = 1000

/** Asks the gateway as any client would, from this machine. Without changes these are GET requests only. */
export const checkFromOutside: Definition<'check-from-outside'> = {
  describe: () => [],
  explain: ({ isAfterChanges }) => (isAfterChanges ? ['check the gateway from this machine too'] : []),
  title: 'Check from outside',
  async run(change, { signal }) {
    const { gateway, outside, isAfterChanges } = change
    const url = gatewayUrl(gateway)
    const probe = outsideProbe({ url, apiKey: gateway.apiKey, ...outside })
    try {
      const problem = await findProblem(change, probe, signal)
      if (problem !== null) throw unreachable(gateway, problem)
      return `${url} answers${isAfterChanges ? ', completions included' : ''}`
    } finally {
      await probe.close()
    }
  },
  undo: () => undefined,
  settles: 'before',
}

/** After changes the way here may need a moment. */
async function findProblem(
  { instance, isAfterChanges }: Change<'check-from-outside'>,
  probe: Probe,
  signal: AbortSignal,
): Promise<string | null> {
  const deadline = performance.now() + (isAfterChanges ? TIMEOUT_MS : 0)
  let problem = await checkReading(probe, instance)
  while (problem !== null && performance.now() < deadline) {
    await delay(POLL_MS, undefined, { signal })
    problem = await checkReading(probe, instance)
  }
  return problem === null && isAfterChanges ? checkCompletions(probe) : problem
}

function unreachable({ domain, httpPort, httpsPort }: GatewayAddress, problem: string) {
  return deployError(
    'NOT_REACHABLE',
    `the gateway runs, but from here ${problem}`,
    `check that ${domain} leads to the server and that its ports ${httpPort} and ${httpsPort} are open`,
  )
}
