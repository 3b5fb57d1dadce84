import { type ContainerFact, type Facts, isActive, isWarm, leftovers, liveRelease } from '../server/facts.ts'
import { containerName, releaseOf } from '../server/instance.ts'
import type { ReleaseState } from '../server/state.ts'
import type { GatewayAddress } from './address/gateway-address.ts'
import type { Change } from './change.ts'
import { liveTrouble } from './situation.ts'

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

/**
 * Lets the release that was live run on for a while, if it is well, and stops whatever else runs: older ones that were kept
 * so, and what a run that was cut off left behind.
 */
export function stopPrevious(facts: Facts, instance: string, warmS: number): Change<'stop-previous'> {
  const { live, containers } = facts
  const isOther = (name: string) => name !== containerName(instance)
  const previous = live === instance ? null : live
  const orphans = leftovers(facts).filter(isOther)
  const retired = retiredContainers(facts, previous !== null).filter(isOther)
  const ofPrevious = containers.filter(({ name }) => previous !== null && name === containerName(previous))
  const isKept = previous !== null && warmS > 0 && liveTrouble(facts) === null && liveRelease(facts) !== null
  return {
    kind: 'stop-previous',
    containers: [...orphans, ...retired, ...(isKept ? [] : ofPrevious.filter(isActive).map(({ name }) => name))],
    leftovers: orphans,
    retired,
    previous,
    warmS: isKept ? warmS : 0,
  }
}

/** Names of containers that are warm no longer: their time is over, or another release takes their place. */
export function retiredContainers(facts: Facts, isTakenOver: boolean): string[] {
  const { live, containers } = facts
  return containers
    .filter(({ name, warmUntilS }) => warmUntilS !== undefined && (live === null || name !== containerName(live)))
    .filter((container) => !container.isStopping && (isTakenOver || !isWarm(container, facts)))
    .map(({ name }) => name)
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
