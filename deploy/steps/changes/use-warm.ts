import { deployError } from '../../errors.ts'
import type { Change } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import { keepWarm, NOT_RUNNING, NOT_WARM, takeWarm } from '../../remote/warm.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition, Server } from '../definition.ts'

const READY_TIMEOUT_S = 30

/** Takes a release that was kept running back from the timer that would stop it. */
export const useWarm: Definition<'use-warm'> = {
  describe: ({ instance, from }) => [
    `switch${from === null ? '' : ` from release ${from} back`} to release ${releaseOf(instance)}, which is still running`,
  ],
  title: 'Keep the release running',
  async run(change, server) {
    const container = containerName(change.instance)
    const { exitCode } = await server.host.exec(takeWarm(server.layout.folder, container, GATEWAY_PORT), {
      signal: server.signal,
    })
    if (exitCode === NOT_RUNNING) await startAgain(change, server)
    else if (exitCode === NOT_WARM) throw stopped(change)
    else if (exitCode !== 0) throw unhealthy(change)
    return `${container} is ready`
  },
  /** It may still finish answers of its own, so it goes back to its timer. */
  undo: ({ instance, untilS }, { host, layout, facts: { clockS } }) => ({
    what: `let ${containerName(instance)} stop by itself again`,
    async action() {
      await host.exec(keepWarm(layout.folder, containerName(instance), Math.max(untilS - clockS, 1)))
    },
  }),
}

/** It has ended by itself since the plan was made. */
async function startAgain(change: Change<'use-warm'>, { host, signal }: Server): Promise<void> {
  const container = containerName(change.instance)
  await host.exec(docker.wakeContainer(container), { signal })
  const { exitCode } = await host.exec(docker.waitReady(container, GATEWAY_PORT, READY_TIMEOUT_S), { signal })
  if (exitCode !== 0) throw unhealthy(change)
}

function stopped({ instance }: Change<'use-warm'>) {
  return deployError(
    'SERVER_CHANGED',
    `the time that ${releaseOf(instance)} was kept running for is over, and it stops now`,
    'run again: it is then started once more',
  )
}

function unhealthy({ instance }: Change<'use-warm'>) {
  return deployError(
    'RELEASE_UNHEALTHY',
    `release ${releaseOf(instance)} is still running but is not ready`,
    `what answered before still answers; look at: docker logs ${containerName(instance)}`,
  )
}
