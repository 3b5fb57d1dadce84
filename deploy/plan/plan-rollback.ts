import { deployError } from '../errors.ts'
import { type Facts, hasImage } from '../server/facts.ts'
import { containerName, releaseOf } from '../server/instance.ts'
import type { Manifest } from '../server/manifest.ts'
import type { Change } from './change.ts'
import { chooseInstance } from './choose-instance.ts'
import type { GatewayAddress } from './gateway-address.ts'
import { startRelease, stopPrevious, switchTo } from './take-over.ts'

export interface RollbackWishes {
  /** The release to go back to. */
  release: Manifest
  gateway: GatewayAddress
}

/** Switches back to a kept release: nothing is built or downloaded. @throws UserError NOTHING_TO_ROLL_BACK */
export function planRollback(facts: Facts, { release, gateway }: RollbackWishes): Change[] {
  const instance = chooseInstance(release.id, facts.containers)
  requireStartable(facts, release, instance)
  const from = facts.live === null ? null : releaseOf(facts.live)
  return [
    startRelease(facts, instance, { kind: 'rollback', from }),
    { kind: 'check-release', instance, gateway, why: '' },
    switchTo(facts, instance, gateway),
    stopPrevious(facts, instance),
  ]
}

/**
 * The release that answered before the live one: by state.json, else the newest older one.
 * @throws UserError NOTHING_TO_ROLL_BACK
 */
export function previousRelease({ live, state, manifests }: Facts): Manifest {
  const liveRelease = live === null ? null : releaseOf(live)
  const recorded = state?.live.instance === live ? state?.previous?.release : state?.live.release
  const older = manifests
    .filter(({ id }) => liveRelease !== null && id < liveRelease)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
  const found = manifests.find(({ id }) => id === recorded) ?? older[0]
  if (found) return found
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    liveRelease === null
      ? 'there is no release on the server yet'
      : `there is no previous release: ${liveRelease} is live`,
    'deploy first, or see --list-backups',
  )
}

/** Only a container or an image that is still there can be started. */
function requireStartable(facts: Facts, { id, image }: Manifest, instance: string): void {
  if (hasImage(facts, image) || facts.containers.some(({ name }) => name === containerName(instance))) return
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    `the image ${image} of release ${id} is no longer on the server`,
    'restore a backup, which builds it again: see --list-backups',
  )
}
