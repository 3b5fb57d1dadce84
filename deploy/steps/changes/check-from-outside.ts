import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../../errors.ts'
import { type GatewayAddress, gatewayUrl } from '../../plan/address/gateway-address.ts'
import type { Change } from '../../plan/change.ts'
import { checkCompletions, checkReading } from '../../probe/checks.ts'
import { outsideProbe } from '../../probe/outside-probe.ts'
import type { Probe } from '../../probe/probe.ts'
import type { Definition, Server } from '../definition.ts'
import { edgeProbe } from '../edge/edge-answer.ts'

const TIMEOUT_MS = 10_000
const POLL_MS = 1000

/** Asks the gateway as any client would, from this machine. Without changes these are GET requests only. */
export const checkFromOutside: Definition<'check-from-outside'> = {
  describe: () => [],
  explain: ({ isAfterChanges }) => (isAfterChanges ? ['check the gateway from this machine too'] : []),
  title: 'Check from outside',
  async run(change, server) {
    const { gateway, outside, isAfterChanges } = change
    const url = gatewayUrl(gateway)
    const probe = outsideProbe({ url, apiKey: gateway.apiKey, ...outside })
    try {
      const problem = await findProblem(change, probe, server.signal)
      if (problem !== null) throw unreachable(gateway, problem, await problemInside(change, server))
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

const INSIDE_TIMEOUT_MS = 5000

/** What the server itself gets from its edge; null if that answers, so that the way from here is the cause. */
async function problemInside({ gateway, instance }: Change<'check-from-outside'>, server: Server) {
  const probe = edgeProbe(server, gateway, { timeoutMs: INSIDE_TIMEOUT_MS })
  try {
    return await checkReading(probe, instance)
  } finally {
    await probe.close()
  }
}

/** What Node says of certificates. */
const CERTIFICATE_PROBLEM = /certificate|altnames/i

function unreachable({ domain, httpPort, httpsPort }: GatewayAddress, problem: string, inside: string | null) {
  if (inside === null && CERTIFICATE_PROBLEM.test(problem)) {
    return deployError(
      'CERTIFICATE_MISSING',
      `the gateway works on the server, but its certificate is not valid for ${domain}: ${problem}`,
      'find the cause with: ai-deploy test-https',
    )
  }
  if (inside === null) {
    return deployError(
      'NOT_REACHABLE',
      `the gateway works on the server, but from here ${problem}`,
      `the way from here is the cause: check that ${domain} leads to the server and that its ports ${httpPort} and ${httpsPort} are open`,
    )
  }
  return deployError(
    'NOT_REACHABLE',
    `the gateway does not answer as it should, not even on the server itself: ${inside}`,
    'run again, which repairs what it finds; then look at: docker logs ai-proxy-edge',
  )
}
