import { type ContainerFact, type Facts, leftovers, runningContainers } from '../server/facts.ts'
import { containerName, releaseOf } from '../server/instance.ts'
import type { ReleaseState } from '../server/state.ts'
import type { Change } from './change.ts'
import type { GatewayAddress } from './gateway-address.ts'

/** The changes with which another instance takes over, in a deploy, a rollback or a restore. */

export function startRelease(
  { containers }: Facts,
  instance: string,
  reason: Change<'start-release'>['reason'],
): Change<'start-release'> {
  return { kind: 'start-release', instance, isContainerKept: isKept(containers, instance), reason }
}

export function switchTo(
  facts: Facts,
  instance: string,
  gateway: GatewayAddress,
  news: Change<'switch'>['news'] = [],
): Change<'switch'> {
  return { kind: 'switch', instance, gateway, previous: previousOf(facts, instance), news }
}

/** Stops the release that was live, and whatever a deploy that was cut off left running. */
export function stopPrevious(facts: Facts, instance: string): Change<'stop-previous'> {
  const { live } = facts
  const previous = live === instance || live === null ? null : live
  return {
    kind: 'stop-previous',
    containers: [...leftovers(facts), ...runningContainers(facts.containers.filter(isLiveContainer(live)))].filter(
      (name) => name !== containerName(instance),
    ),
    leftovers: leftovers(facts).filter((name) => name !== containerName(instance)),
    previous,
  }
}

function isLiveContainer(live: string | null) {
  return ({ name }: ContainerFact) => live !== null && name === containerName(live)
}

/** A container in one of these states can be started as it is, without its image. */
const STARTABLE = ['exited', 'created', 'paused', 'running']

function isKept(containers: readonly ContainerFact[], instance: string): boolean {
  return containers.some(({ name, state }) => name === containerName(instance) && STARTABLE.includes(state))
}

/** What a rollback goes back to. After a deploy that was cut off after its switch the route knows it, not state.json. */
function previousOf({ live, state }: Facts, instance: string): ReleaseState | null {
  if (live !== null && live !== instance) return { release: releaseOf(live), instance: live }
  return state?.live.instance === instance ? state.previous : (state?.live ?? null)
}
