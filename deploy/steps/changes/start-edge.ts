import type { Change } from '../../plan/change.ts'
import type { Definition, Server, Undo } from '../definition.ts'
import { bringEdgeUp, composeEdge, putEdge } from '../edge.ts'
import { orUploadFails } from '../or-fail.ts'

/** Writes the edge's files, if they are to change, and starts it. */
export const startEdge: Definition<'start-edge'> = {
  describe: (change) => [change.files === null ? 'start the edge' : describeChanged(change)],
  title: 'Start the edge',
  async run(change, server) {
    const { files } = change
    if (files !== null) await orUploadFails(() => putEdge(server, files))
    return bringEdgeUp(server, change, () => composeEdge(server))
  },
  undo: ({ files }, server) => (files === null ? undefined : edgeUndo(server)),
}

function describeChanged({ isFirst, isInterrupted, gateway }: Change<'start-edge'>): string {
  const ports = `ports ${gateway.httpPort} and ${gateway.httpsPort}`
  const downtime = isInterrupted ? '; it is unavailable for a few seconds' : ''
  return `${isFirst ? 'start' : 'restart'} the edge (${ports}${downtime})`
}

/** The edge as it was, files and container; a first one stays. */
function edgeUndo(server: Server): Undo | undefined {
  const { composeFile, traefikConfig, acmeCa, isRunning } = server.facts.edge
  if (composeFile === null || traefikConfig === null) return undefined
  return {
    what: 'put the edge back',
    async action() {
      await putEdge(server, { compose: composeFile, traefik: traefikConfig, acmeCa })
      if (isRunning) await composeEdge(server)
    },
  }
}
