import type { Argv } from '../../host/argv.ts'
import { run } from '../../host/host.ts'
import type { Change, LiveTrouble } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { EDGE_NETWORK } from '../../server/layout.ts'
import { composeOf } from '../compose.ts'
import type { Definition, Server } from '../definition.ts'
import { IS_DOWN } from '../downtime.ts'
import { untilReadyInside } from '../started-release.ts'

/**
 * Starts the instance next to the live one. Only the live one is waited for here: what follows waits for a new one itself, so
 * that the edge is prepared meanwhile.
 */
export const startRelease: Definition<'start-release'> = {
  describe: (change) => [describeStart(change)],
  downtime: ({ reason }) => (reason.kind === 'broken' ? IS_DOWN : undefined),
  cost({ reason }) {
    if (reason.kind === 'drill') return 'memory for a second container while it runs'
    const isNext = reason.kind === 'new' && reason.replaces !== null
    return isNext ? 'memory for two releases until the previous one has stopped' : undefined
  },
  title: 'Start the release',
  async run(change, server) {
    const container = containerName(change.instance)
    const starting = { change, made: start(change, server) }
    if (change.instance === server.facts.live) {
      await untilReadyInside(starting, server)
      return `${container} is ready`
    }
    starting.made.catch(() => {}) // Of the change that waits for it.
    server.measured.starting = starting
    return `${container} starts`
  },
  undo({ instance, reason }, { host, facts, measured }) {
    if (instance === facts.live) return undefined
    const container = containerName(instance)
    return {
      what: `stop ${container}`,
      async action() {
        await measured.starting?.made.catch(() => {})
        await host.exec(reason.kind === 'drill' ? docker.stopAndRemove(container) : docker.stopCandidate(container))
      },
    }
  },
}

function describeStart({ instance, reason }: Change<'start-release'>): string {
  const id = releaseOf(instance)
  switch (reason.kind) {
    case 'new':
      if (reason.replaces === null) return `start release ${id}`
      if (reason.changed.length === 0) {
        return `start release ${id} in place of ${reason.replaces}, whose container and image are gone`
      }
      return `start release ${id} next to ${reason.replaces} and let it take over (changed: ${reason.changed.join(', ')})`
    case 'broken':
      return `${describeRepair(id, reason.trouble)}${reason.fallback === null ? '' : `; if it does not work then, switch to release ${reason.fallback}`}`
    case 'drill':
      return `start release ${id} once more, and switch to that container`
    case 'rollback':
      return reason.from === null
        ? `switch to release ${id}`
        : `switch from release ${reason.from} back to release ${id}`
  }
}

function describeRepair(id: string, trouble: LiveTrouble): string {
  switch (trouble) {
    case 'stopped':
      return `start release ${id}, which is not running`
    case 'paused':
      return `let release ${id} continue, which is paused`
    case 'detached':
      return `connect release ${id} to the network of the edge again`
    case 'stopping':
      return `start release ${id} once more and let it take over from its first container, which was told to stop`
    case 'logless':
      return `start release ${id} once more and let it take over from its first container, which lost its folder of logs`
    case 'crashing':
      return `start release ${id} once more and let it take over from its first container, which ends again and again`
    case 'failed':
      return `start release ${id} once more and let it take over from its first container, which was found bad`
    case 'silent':
      return `start release ${id} once more and let it take over from its first container, which does not answer any more`
  }
}

/** A container that was kept is woken, since its image may be gone; one that cannot be woken is made again. */
async function start({ instance, isContainerKept }: Change<'start-release'>, server: Server): Promise<void> {
  const { host, signal } = server
  const container = containerName(instance)
  if (!isContainerKept) {
    // The network is nearly always there, so it is only looked at when this fails.
    const { exitCode } = await host.exec(makeContainer(instance, server), { signal })
    if (exitCode === 0) return
  }
  await run(host, `connect ${container} to the network`, docker.attachToNetwork(container, EDGE_NETWORK))
  if (isContainerKept) {
    const { exitCode } = await host.exec(docker.wakeContainer(container), { signal })
    if (exitCode === 0) return
    await host.exec(docker.removeContainer(container))
  }
  await run(host, `start ${container}`, makeContainer(instance, server), { signal })
}

function makeContainer(instance: string, { layout, facts }: Server): Argv {
  return docker.composeUp({
    compose: composeOf(facts).argv,
    project: containerName(instance),
    file: `${layout.release(releaseOf(instance))}/compose.yml`,
    environment: { INSTANCE: instance },
  })
}
