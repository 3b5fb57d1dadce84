import { deployError } from '../../errors.ts'
import { run } from '../../host/host.ts'
import * as docker from '../../remote/docker.ts'
import { outliving } from '../../remote/lock.ts'
import { portsToEdge, portsToPredecessor, startPredecessor, stopPredecessor } from '../../remote/predecessor.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import type { Definition } from '../definition.ts'
import { awaitPredecessor } from '../edge/predecessor-answer.ts'

const START_TIMEOUT_S = 60

/** The way back from a server that was taken over: the Python gateway answers again, and the release stops. */
export const giveBack: Definition<'give-back'> = {
  describe: ({ instance }) => [
    `switch from release ${releaseOf(instance)} back to the Python gateway, which this server had before`,
  ],
  explain: () => ['the release and the edge stay, stopped; a deploy takes over again'],
  downtime: () => 'nothing answers for up to 3 seconds when the ports change hands, and running answers are cut',
  title: 'Start the Python gateway',
  async run({ instance, gateway }, server) {
    const { host, signal } = server
    const { exitCode } = await host.exec(startPredecessor(START_TIMEOUT_S), { signal })
    if (exitCode !== 0) throw notStarted('its container ai-proxy-app does not listen')
    signal.throwIfAborted()
    await run(host, 'start its Traefik on the ports', outliving(portsToPredecessor(EDGE_CONTAINER)))
    const problem = await awaitPredecessor(server, gateway)
    if (problem !== undefined) throw notStarted(problem)
    const container = containerName(instance)
    await host.exec(docker.restartPolicy(container, 'no'))
    await run(host, `stop ${container}`, docker.stopDetached(container))
    return 'The Python gateway answers again'
  },
  undo: ({ instance }, { host }) => ({
    what: `let release ${releaseOf(instance)} answer again`,
    async action() {
      await run(host, 'start the edge', outliving(portsToEdge(EDGE_CONTAINER)))
      await host.exec(stopPredecessor())
    },
    guardsEarlier: true,
  }),
  settles: 'after',
}

function notStarted(why: string) {
  return deployError(
    'SWITCH_FAILED',
    `the Python gateway does not work: ${why}`,
    'the release still answers; look at: docker logs ai-proxy-app',
  )
}
