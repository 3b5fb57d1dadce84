import type { Change } from '../../plan/change.ts'
import { edgeState } from '../../remote/edge-handover.ts'
import type { Definition, Server, Undo } from '../definition.ts'
import { EDGE_RESTARTS } from '../downtime.ts'
import { bringEdgeUp, composeEdge, putEdge } from '../edge/edge.ts'
import { edgeDifferences } from '../edge/edge-differences.ts'
import { awaitFirst, endHandover, handOver, type Replacement, UNDO_LIMIT_MS } from '../edge/hand-over.ts'
import { orFail } from '../or-fail.ts'

/** Gives a running edge other files, or lets it read its certificates again. */
export const replaceEdge: Definition<'replace-edge'> = {
  describe: ({ gateway, reason, obstacle }) => [
    `${obstacle === null ? 'replace' : 'restart'} the edge (ports ${gateway.httpPort} and ${gateway.httpsPort})${REASONS[reason]}`,
  ],
  explain: ({ files, obstacle }, { edge }) => [
    obstacle === null ? HANDOVER : `a second edge cannot take the connections: ${obstacle}`,
    ...edgeDifferences(files, edge),
  ],
  downtime({ obstacle, isIpv6Cut }) {
    if (obstacle !== null) return EDGE_RESTARTS
    return isIpv6Cut ? IPV6_BREAKS : undefined
  },
  title: 'Replace the edge',
  async run(change, server) {
    const { files, gateway, expects, reason, obstacle } = change
    const isForced = reason === 'certificates'
    if (obstacle === null) {
      const hint = 'look at it with: docker logs ai-proxy-edge'
      await orFail('EDGE_FAILED', hint, () => handOver(server, { files, gateway, expects, isForced }))
      return `The edge on ${gateway.httpPort} and ${gateway.httpsPort} was replaced`
    }
    return bringEdgeUp(server, change, async () => {
      await putEdge(server, files)
      await composeEdge(server, null, { isForced })
    })
  },
  undo: (change, server) => replacementUndo(change, server),
}

const REASONS = { settings: '', certificates: ', so that it reads the certificates' }
const HANDOVER = 'a second edge takes new connections meanwhile; running answers end first, in at most 5 minutes'
const IPV6_BREAKS = 'connections over IPv6 break off for about 2 seconds'

/** The edge as it was, files and container. */
function replacementUndo({ gateway, expects, obstacle }: Change<'replace-edge'>, server: Server): Undo | undefined {
  const { composeFile: compose, traefikConfig: traefik, acmeCa } = server.facts.edge
  if (compose === null || traefik === null) return undefined
  const before = { files: { compose, traefik, acmeCa }, gateway, expects, isForced: false }
  return {
    what: 'put the edge back',
    action: () => putBack({ ...server, signal: AbortSignal.timeout(UNDO_LIMIT_MS) }, before, obstacle !== null),
  }
}

/** A replacement that was completed is reversed in the same way; else the second edge still answers while it is reversed. */
async function putBack(server: Server, before: Replacement, isPlain: boolean): Promise<void> {
  const { stdout } = await server.host.exec(edgeState(server.layout.edge))
  const [label, handover] = stdout.trim().split(' ')
  const isReplaced = label !== (server.facts.edge.label ?? '')
  if (isReplaced && handover === 'complete' && !isPlain) return handOver(server, before)
  await putEdge(server, before.files)
  await composeEdge(server, null)
  if (handover === 'complete') return
  // It may still finish answers, and listens again after that.
  await awaitFirst(server, before.gateway, before.expects)
  await endHandover(server)
}
