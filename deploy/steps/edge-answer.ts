import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../errors.ts'
import type { GatewayAddress } from '../plan/gateway-address.ts'
import { checkReading } from '../probe/checks.ts'
import { insideProbe } from '../probe/inside-probe.ts'
import type { Probe } from '../probe/probe.ts'
import type { Server } from './definition.ts'

/** How long Traefik may take to follow a changed route file. */
export const ROUTE_TIMEOUT_MS = 20_000
/** HTTPS port of Traefik inside its container. */
export const EDGE_PORT = 443
const ROUTE_POLL_MS = 50
/** What answered until now may hang, and the first requests still reach it. */
const ATTEMPT_TIMEOUT_MS = 2000

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
  const probe = edgeProbe(server, gateway, { timeoutMs: ATTEMPT_TIMEOUT_MS, address })
  try {
    await untilAnswered(server, probe, instance)
  } finally {
    await probe.close()
  }
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
export async function untilAnswered({ signal }: Asker, probe: Probe, instance: string): Promise<void> {
  const deadline = performance.now() + ROUTE_TIMEOUT_MS
  for (;;) {
    const problem = await checkReading(probe, instance)
    if (problem === null) return
    if (performance.now() > deadline) {
      throw deployError(
        'SWITCH_FAILED',
        `the edge does not lead to the new release: ${problem}`,
        'the previous release answers again; look at the edge with: docker logs ai-proxy-edge',
      )
    }
    await delay(ROUTE_POLL_MS, undefined, { signal })
  }
}
