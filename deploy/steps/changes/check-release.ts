import { randomBytes } from 'node:crypto'
import { renderRoute } from '../../../templates/route.ts'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import { checkCompletions, timeEcho } from '../../probe/checks.ts'
import { CANARY_HEADER, type Probe } from '../../probe/probe.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition, Server } from '../definition.ts'
import { edgeProbe, untilAnswered } from '../edge/edge-answer.ts'
import { markReady } from '../ready-mark.ts'
import { withKeyOf } from '../release-environment.ts'
import { routeUndo, writeRoute } from '../route-file.ts'
import { untilReadyBehindEdge } from '../started-release.ts'
import { unhealthyRelease } from '../unhealthy-release.ts'

/** Sends requests with a secret header through the real edge to the new instance, before anybody else gets there. */
export const checkRelease: Definition<'check-release'> = {
  describe: () => [],
  explain: () => ['check it through the edge before a client reaches it'],
  title: 'Check it through the edge',
  async run({ instance, gateway, why, measures }, server) {
    const measuring = measures === undefined ? undefined : usualEchoMs(server, gateway, measures)
    const token = randomBytes(16).toString('hex')
    const canary = { instance, token, header: CANARY_HEADER }
    // Each change of the file makes Traefik ask for a certificate that is missing, so this one asks for none.
    const route = { ...gateway, live: server.facts.live, canary, isCertificateHeld: true }
    await writeRoute(server, renderRoute(route, GATEWAY_PORT))
    const { starting } = server.measured
    const probe = edgeProbe(server, gateway, { canary: token })
    try {
      if (starting === undefined) await untilAnswered(server, probe, instance)
      else await untilReadyBehindEdge(starting, server, probe)
      const problem = await checkCompletions(probe)
      if (problem !== null) throw unhealthyRelease(instance, problem)
    } finally {
      await probe.close()
    }
    server.measured.echoMs = await measuring
    await markReady(server, releaseOf(instance), why)
    return `${containerName(instance)} is ready and answers through the edge`
  },
  undo: ({ gateway }, server) => routeUndo(server, gateway),
}

const ECHOES = 3

/** What a completion takes through the edge before the switch; undefined if there is no answer. */
async function usualEchoMs(server: Server, gateway: GatewayAddress, live: string): Promise<number | undefined> {
  const times: number[] = []
  let probe: Probe | undefined
  try {
    probe = edgeProbe(server, await withKeyOf(server, gateway, live), { timeoutMs: 2000 })
    for (let n = 0; n < ECHOES; n++) {
      const { ms, problem } = await timeEcho(probe)
      if (problem !== undefined) return undefined
      times.push(ms)
    }
    return times.sort((a, b) => a - b)[1]
  } catch {
    return undefined
  } finally {
    await probe?.close()
  }
}
