import { renderRoute } from '../../../templates/route.ts'
import { run } from '../../host/host.ts'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import type { Change } from '../../plan/change.ts'
import { checkCompletions, checkReading } from '../../probe/checks.ts'
import { outliving } from '../../remote/lock.ts'
import { portsToEdge, portsToPredecessor } from '../../remote/predecessor.ts'
import { releaseOf } from '../../server/instance.ts'
import { EDGE_CONTAINER, GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition, Server } from '../definition.ts'
import { createEdge, putEdge, removeEdge } from '../edge/edge.ts'
import { edgeProbe, untilAnswered } from '../edge/edge-answer.ts'
import { awaitPredecessor } from '../edge/predecessor-answer.ts'
import { orFail, orUploadFails } from '../or-fail.ts'
import { markReady } from '../ready-mark.ts'
import { putRouteBack, removeRoute, writeRoute } from '../route-file.ts'
import { untilReadyInside } from '../started-release.ts'
import { unhealthyRelease } from '../unhealthy-release.ts'

/** How long the edge may take to answer on the ports until they are given back. */
const ANSWER_TIMEOUT_MS = 5000
const UNDO_TIMEOUT_MS = 20_000

/**
 * The ports go from the Python project's Traefik to the edge. The release is ready by then, and the edge's container exists,
 * so that nothing answers for a moment only.
 */
export const takePorts: Definition<'take-ports'> = {
  describe: ({ instance, gateway: { httpPort, httpsPort } }) => [
    `take over from the Python gateway: its Traefik stops, and the edge leads ports ${httpPort} and ${httpsPort} to release ${releaseOf(instance)}`,
  ],
  explain: () => ['its containers stay, stopped; --rollback starts them again'],
  downtime: ({ connections }) =>
    `nothing answers for up to 3 seconds when the ports change hands${connections === 0 ? '' : `, and ${connections} open ${connections === 1 ? 'connection is' : 'connections are'} cut`}`,
  title: 'Take over the ports',
  async run(change, server) {
    const { files, instance, gateway, why } = change
    const { host, signal } = server
    await orUploadFails(() => putEdge(server, files))
    const { starting } = server.measured
    if (starting !== undefined) await untilReadyInside(starting, server)
    await orUploadFails(() => writeRoute(server, renderRoute({ ...gateway, live: instance }, GATEWAY_PORT)))
    const tookMs = await orFail('EDGE_FAILED', 'look at it with: docker logs ai-proxy-edge', async () => {
      await createEdge(server)
      signal.throwIfAborted()
      const start = performance.now()
      await run(host, 'start the edge on the ports', outliving(portsToEdge(EDGE_CONTAINER)))
      await answered(change, server)
      return performance.now() - start
    })
    await markReady(server, releaseOf(instance), why)
    return `The ports changed hands in ${(tookMs / 1000).toFixed(1)} s`
  },
  undo: ({ gateway }, server) => ({
    what: 'start the Python gateway again',
    action: () => giveBack(server, gateway),
    guardsEarlier: true,
  }),
}

async function answered({ instance, gateway }: Change<'take-ports'>, server: Server): Promise<void> {
  const probe = edgeProbe(server, gateway, { timeoutMs: ANSWER_TIMEOUT_MS })
  try {
    await untilAnswered(server, probe, instance, ANSWER_TIMEOUT_MS)
    const problem = (await checkReading(probe, instance)) ?? (await checkCompletions(probe))
    if (problem !== null) throw unhealthyRelease(instance, problem)
  } finally {
    await probe.close()
  }
}

/** Also where nothing was taken: its Traefik runs then, and starting it has no effect. */
async function giveBack(server: Server, gateway: GatewayAddress): Promise<void> {
  const { host, facts } = server
  await run(host, 'start the Python gateway', outliving(portsToPredecessor(EDGE_CONTAINER)))
  await awaitPredecessor({ host, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) }, gateway).catch(() => {})
  if (facts.route === null) await removeRoute(server)
  else await putRouteBack(server)
  if (facts.edge.composeFile === null) await removeEdge(server)
}
