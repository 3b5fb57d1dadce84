import type { Definition } from '../definition.ts'
import { awaitFirst, endHandover } from '../edge/hand-over.ts'
import { orFail } from '../or-fail.ts'

/** A change of the edge was cut off: its second edge still takes the connections. */
export const settleEdge: Definition<'settle-edge'> = {
  describe: () => ['lead all connections to the edge again, and remove the second one of a run that was cut off'],
  title: 'Remove the second edge',
  async run({ gateway, expects }, server) {
    await orFail('EDGE_FAILED', 'look at it with: docker logs ai-proxy-edge', async () => {
      await awaitFirst(server, gateway, expects)
      await endHandover(server)
    })
    return 'All connections lead to the edge again'
  },
  undo: () => undefined,
}
