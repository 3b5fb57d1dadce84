import { renderRoute } from '../../../templates/route.ts'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import type { Change } from '../../plan/change.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition, Server, Undo } from '../definition.ts'
import { EDGE_RESTARTS, IS_DOWN } from '../downtime.ts'
import { bringEdgeUp, composeEdge, putEdge, removeEdge } from '../edge/edge.ts'
import { edgeDifferences } from '../edge/edge-differences.ts'
import { orUploadFails } from '../or-fail.ts'
import { removeRoute, writeRoute } from '../route-file.ts'

/** Writes the edge's files, if they are to change, and starts it. */
export const startEdge: Definition<'start-edge'> = {
  describe: (change) => [change.files === null ? describeStart(change.trouble) : describeChanged(change)],
  explain: ({ files }, { edge }) => (files === null ? [] : edgeDifferences(files, edge)),
  downtime: ({ isInterrupted }) => (isInterrupted ? EDGE_RESTARTS : IS_DOWN),
  title: 'Start the edge',
  async run(change, server) {
    const { files, trouble, isFirst, gateway } = change
    if (files !== null) await orUploadFails(() => putEdge(server, files))
    if (isFirst && server.facts.route === null) await orUploadFails(() => writeRoute(server, waitingRoute(gateway)))
    return bringEdgeUp(server, change, () => composeEdge(server, trouble))
  },
  undo: ({ files }, server) => (files === null ? undefined : edgeUndo(server)),
}

function describeStart(trouble: Change<'start-edge'>['trouble']): string {
  switch (trouble) {
    case null:
      return 'start the edge'
    case 'paused':
      return 'let the edge continue, which is paused'
    case 'detached':
      return 'connect the edge to its network again and restart it'
    case 'unmounted':
      return 'restart the edge, which lost its folders (it is unavailable for a few seconds)'
    case 'unnamed':
      return 'give the edge its name back, whose recreation was cut off'
    case 'unhealthy':
      return 'restart the edge, which does not answer (it is unavailable for a few seconds)'
  }
}

function describeChanged({ isFirst, isInterrupted, gateway }: Change<'start-edge'>): string {
  const ports = `ports ${gateway.httpPort} and ${gateway.httpsPort}`
  const downtime = isInterrupted ? '; it is unavailable for a few seconds' : ''
  return `${isFirst ? 'start' : 'restart'} the edge (${ports}${downtime})`
}

/** So that Traefik asks for the certificate long before a release answers. */
function waitingRoute(gateway: GatewayAddress): string {
  return renderRoute({ ...gateway, live: null }, GATEWAY_PORT)
}

/** The edge as it was, files and container; a first one is removed, since it leads nowhere. */
function edgeUndo(server: Server): Undo {
  const { composeFile, traefikConfig, acmeCa, isRunning } = server.facts.edge
  if (composeFile === null || traefikConfig === null) {
    return {
      what: 'remove the edge',
      async action() {
        await removeEdge(server)
        if (server.facts.route === null) await removeRoute(server)
      },
    }
  }
  return {
    what: 'put the edge back',
    async action() {
      await putEdge(server, { compose: composeFile, traefik: traefikConfig, acmeCa })
      if (isRunning) await composeEdge(server, null)
    },
  }
}
