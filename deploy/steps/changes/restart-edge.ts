import { run } from '../../host/host.ts'
import * as docker from '../../remote/docker.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import type { Definition } from '../definition.ts'
import { EDGE_RESTARTS } from '../downtime.ts'
import { bringEdgeUp } from '../edge.ts'

export const restartEdge: Definition<'restart-edge'> = {
  describe: () => ['restart the edge (it is unavailable for a few seconds)'],
  downtime: () => EDGE_RESTARTS,
  title: 'Restart the edge',
  run(change, server) {
    return bringEdgeUp(server, change, () =>
      run(server.host, 'restart the edge', docker.restartContainer(EDGE_CONTAINER)),
    )
  },
  undo: () => undefined,
}
