import { deployError } from '../../errors.ts'
import type { Argv } from '../../host/argv.ts'
import { run } from '../../host/host.ts'
import type { Change, LiveTrouble } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import type { Facts } from '../../server/facts.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { EDGE_NETWORK, GATEWAY_PORT } from '../../server/layout.ts'
import { composeOf } from '../compose.ts'
import type { Definition, Server } from '../definition.ts'
import { IS_DOWN } from '../downtime.ts'

const READY_TIMEOUT_S = 90
const LOG_LINES_SHOWN = 30

/**
 * Starts the instance next to the live one and waits until it reports that it is ready. The check of a new instance, which
 * always follows, waits for that itself, so that the edge is prepared meanwhile.
 */
export const startRelease: Definition<'start-release'> = {
  describe: (change) => [describeStart(change)],
  downtime: ({ reason }) => (reason.kind === 'broken' ? IS_DOWN : undefined),
  cost: ({ reason }) =>
    reason.kind === 'new' && reason.replaces !== null
      ? 'memory for two releases until the previous one has stopped'
      : undefined,
  title: 'Start the release',
  async run(change, server) {
    const container = containerName(change.instance)
    const waiting = new AbortController()
    const started = startReady(change, server, AbortSignal.any([server.signal, waiting.signal]))
    if (change.instance === server.facts.live) {
      await started
      return `${container} is ready`
    }
    started.catch(() => {}) // Of the check.
    server.measured.start = started
    server.measured.endStart = () => waiting.abort()
    return `${container} starts`
  },
  undo({ instance }, { host, facts, measured }) {
    if (instance === facts.live) return undefined
    const container = containerName(instance)
    return {
      what: `stop ${container}`,
      async action() {
        measured.endStart?.()
        await measured.start?.catch(() => {})
        await host.exec(docker.stopCandidate(container))
      },
    }
  },
}

/** @param signal ends the wait; a container that is being made is made all the same */
async function startReady(change: Change<'start-release'>, server: Server, signal: AbortSignal): Promise<void> {
  const container = containerName(change.instance)
  await start(change, server)
  const ready = await server.host.exec(docker.waitReady(container, GATEWAY_PORT, READY_TIMEOUT_S), { signal })
  if (ready.exitCode !== 0) throw await unhealthy(change, server, ready.exitCode)
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

const EXITED = 3

async function unhealthy(change: Change<'start-release'>, { host, facts }: Server, exitCode: number) {
  const container = containerName(change.instance)
  const { stdout } = await host.exec(docker.containerLogs(container, LOG_LINES_SHOWN))
  const what = exitCode === EXITED ? 'ended by itself' : `did not become ready within ${READY_TIMEOUT_S} s`
  return deployError(
    'RELEASE_UNHEALTHY',
    `${change.reason.kind === 'new' ? 'the new release' : 'the release'} ${what}. Its last lines:\n${stdout.trimEnd()}`,
    `${whatAnswers(change, facts)}; the container is kept: docker logs ${container}`,
  )
}

function whatAnswers({ reason }: Change<'start-release'>, { live, predecessor }: Facts): string {
  if (predecessor?.isRunning) return 'the Python gateway still answers'
  if (live === null || reason.kind === 'broken') return 'nothing answers yet'
  return 'the previous release still answers'
}
