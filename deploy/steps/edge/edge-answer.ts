import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../../errors.ts'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import { checkReading } from '../../probe/checks.ts'
import { insideProbe } from '../../probe/inside-probe.ts'
import type { Probe } from '../../probe/probe.ts'
import type { Server } from '../definition.ts'

/** How long Traefik may take to follow a changed route file. */
export const ROUTE_TIMEOUT_MS = 20_000
/** HTTPS port of Traefik inside its container. */
export const EDGE_PORT = 443
export const ROUTE_POLL_MS = 50
/**
 * What answered until now may hang, and the first requests still reach it: at first an answer must come quickly, so that the
 * next attempt follows soon. A slow server has more time later.
 */
const ATTEMPTS = [
  { timeoutMs: 250, forMs: 1000 },
  { timeoutMs: 1000, forMs: 4000 },
  { timeoutMs: 5000, forMs: ROUTE_TIMEOUT_MS - 5000 },
]

type Asker = Pick<Server, 'host' | 'signal'>

/**
 * Waits until the edge leads to this instance.
 * @param address of one of two edges; without it the one that new connections reach
 * @throws UserError SWITCH_FAILED
 */
export async function awaitAnswer(
  server: Asker,
  gateway: GatewayAddress,
  instance: string,
  address?: string,
): Promise<void> {
  let problem: string | null = null
  for (const { timeoutMs, forMs } of ATTEMPTS) {
    const probe = edgeProbe(server, gateway, { timeoutMs, address })
    try {
      problem = await ask(server, probe, instance, forMs)
    } finally {
      await probe.close()
    }
    if (problem === null) return
  }
  throw switchFailed(problem)
}

interface ProbeOptions {
  /** Token that leads to an instance which is not live yet. */
  canary?: string
  /** How long an answer may take. */
  timeoutMs?: number
  /** Of the edge's container; without it the published port is asked. */
  address?: string | undefined
}

export function edgeProbe({ host }: Asker, gateway: GatewayAddress, options: ProbeOptions): Probe {
  const { domain, httpsPort, apiKey } = gateway
  const { address, ...rest } = options
  const connect = () => (address === undefined ? host.connect(httpsPort) : host.connect(EDGE_PORT, address))
  return insideProbe({ domain, connect, apiKey, ...rest })
}

/** @throws UserError SWITCH_FAILED */
export async function untilAnswered(
  asker: Asker,
  probe: Probe,
  instance: string,
  forMs = ROUTE_TIMEOUT_MS,
): Promise<void> {
  const problem = await ask(asker, probe, instance, forMs)
  if (problem !== null) throw switchFailed(problem)
}

/** @returns the last problem, if the instance has not answered when the time is over */
async function ask({ signal }: Pick<Asker, 'signal'>, probe: Probe, instance: string, forMs: number) {
  const deadline = performance.now() + forMs
  for (;;) {
    const problem = await checkReading(probe, instance)
    if (problem === null || performance.now() > deadline) return problem
    await delay(ROUTE_POLL_MS, undefined, { signal })
  }
}

export function switchFailed(problem: string | null) {
  return deployError(
    'SWITCH_FAILED',
    `the edge does not lead to the new release: ${problem}`,
    'the previous release answers again; look at the edge with: docker logs ai-proxy-edge',
  )
}
