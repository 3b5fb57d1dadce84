import { type ContainerFact, type Facts, isActive, leftovers } from '../server/facts.ts'
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
  const { live, containers } = facts
  const isOther = (name: string) => name !== containerName(instance)
  const orphans = leftovers(facts).filter(isOther)
  const ofLive = containers.filter(({ name }) => live !== null && name === containerName(live))
  return {
    kind: 'stop-previous',
    containers: [...orphans, ...ofLive.filter(isActive).map(({ name }) => name)].filter(isOther),
    leftovers: orphans,
    previous: live === instance ? null : live,
  }
}

/** A container in one of these states can be started as it is, without its image. */
const STARTABLE = ['exited', 'created', 'paused', 'running']

function isKept(containers: readonly ContainerFact[], instance: string): boolean {
  return containers.some(({ name, state }) => name === containerName(instance) && STARTABLE.includes(state))
}

/** What a rollback goes back to. After a deploy that was cut off after its switch the route knows it, not state.json. */
function previousOf({ live, state }: Facts, instance: string): ReleaseState | null {
  const isOtherRelease = live !== null && releaseOf(live) !== releaseOf(instance)
  if (isOtherRelease) return { release: releaseOf(live), instance: live }
  return state?.live.release === releaseOf(instance) ? state.previous : (state?.live ?? null)
}
