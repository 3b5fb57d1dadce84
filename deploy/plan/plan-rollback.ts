import { BYTES_PER_MIB } from '../../kit/sizes.ts'
import { deployError } from '../errors.ts'
import { type Facts, isStartable, isWarm } from '../server/facts.ts'
import { readyReleases } from '../server/find-live.ts'
import { containerName, releaseOf } from '../server/instance.ts'
import type { Manifest } from '../server/manifest.ts'
import type { GatewayAddress } from './address/gateway-address.ts'
import type { Change } from './change.ts'
import { chooseInstance } from './choose-instance.ts'
import { removeUiOf, startUiOf } from './decisions/decide-ui.ts'
import type { EdgeFiles } from './edge-files.ts'
import { startRelease, stopPrevious, switchTo } from './take-over.ts'

export interface RollbackWishes {
  /** The release to go back to. */
  release: Manifest
  gateway: GatewayAddress
  /** What the edge is started with, if its own files are lost. */
  edge: EdgeFiles
  /** How long the release that is live now keeps running. */
  warmS: number
  /** How long it is watched; undefined for not at all. */
  watchS?: number | undefined
}

/** A disk with less free space is as good as full. */
const LITTLE_SPACE_BYTES = 16 * BYTES_PER_MIB

/**
 * Switches back to a kept release: nothing is built or downloaded. One that is kept running needs no start and no check
 * with a secret header: it has answered before.
 * @throws UserError NOTHING_TO_ROLL_BACK
 */
export function planRollback(facts: Facts, { release, gateway, edge, warmS, watchS }: RollbackWishes): Change[] {
  const instance = rollbackInstance(facts, release.id)
  requireStartable(facts, release, instance)
  const isDiskFull = facts.hasReserve && facts.freeBytes.folder < LITTLE_SPACE_BYTES
  return [
    ...(isDiskFull ? [{ kind: 'free-reserve' } as const] : []),
    ...startEdge(facts, gateway, edge),
    ...bringUp(facts, instance, gateway),
    ...[startUiOf(facts, release, gateway, true) ?? []].flat(),
    switchTo(facts, instance, gateway),
    ...watchFor(watchS, instance, gateway),
    stopPrevious(facts, instance, warmS),
    ...[removeUiOf(facts, release) ?? []].flat(),
    ...(isDiskFull ? [{ kind: 'keep-reserve' } as const] : []),
  ]
}

/** True if the server was taken over from the Python gateway, and nothing else is there to go back to. */
export function isGivenBack(facts: Facts): boolean {
  const { predecessor, live } = facts
  return predecessor !== null && !predecessor.isRunning && live !== null && previousReleaseIfAny(facts) === undefined
}

/** A rollback is the way back, so it never goes back by itself. */
function watchFor(seconds: number | undefined, instance: string, gateway: GatewayAddress): Change<'watch'>[] {
  if (seconds === undefined) return []
  return [{ kind: 'watch', instance, gateway, seconds, wayBack: null, isRollback: true }]
}

/** The instance that a rollback to this release leads to: the one that is kept running, if there is one. */
export function rollbackInstance(facts: Facts, release: string): string {
  return (
    warmContainer(facts, release)?.name.slice(containerName('').length) ?? chooseInstance(release, facts.containers)
  )
}

function warmContainer(facts: Facts, release: string) {
  return facts.containers.find((container) => {
    return container.release === release && !container.isDetached && isWarm(container, facts)
  })
}

function bringUp(facts: Facts, instance: string, gateway: GatewayAddress): Change[] {
  const from = facts.live === null ? null : releaseOf(facts.live)
  const untilS = warmContainer(facts, releaseOf(instance))?.warmUntilS
  if (untilS !== undefined) return [{ kind: 'use-warm', instance, from, untilS, gateway }]
  return [
    startRelease(facts, instance, { kind: 'rollback', from }),
    { kind: 'check-release', instance, gateway, why: '' },
  ]
}

/** The edge as it is on the server; its settings are the business of a deploy. */
function startEdge({ edge }: Facts, gateway: GatewayAddress, files: EdgeFiles): Change<'start-edge'>[] {
  const { isRunning, trouble = null, composeFile, traefikConfig } = edge
  if (isRunning && trouble === null) return []
  const isLost = composeFile === null || traefikConfig === null
  return [
    {
      kind: 'start-edge',
      files: isLost ? files : null,
      isFirst: isLost,
      isInterrupted: isRunning,
      trouble,
      gateway,
      expects: null,
    },
  ]
}

/**
 * The release that answered before the live one: by state.json, else the newest older one that was ever ready.
 * @throws UserError NOTHING_TO_ROLL_BACK
 */
export function previousRelease(facts: Facts): Manifest {
  const found = previousReleaseIfAny(facts)
  if (found) return found
  const { live } = facts
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    live === null
      ? 'there is no release on the server yet'
      : `there is no previous release: ${releaseOf(live)} is live`,
    'deploy first, or see --list-backups',
  )
}

/** Undefined if there is none. */
export function previousReleaseIfAny(facts: Facts): Manifest | undefined {
  const { live, state, manifests, readyMarks } = facts
  const hasFailed = (id: string) => readyMarks.some((mark) => mark.release === id && mark.failed !== undefined)
  const liveRelease = live === null ? null : releaseOf(live)
  const recorded = state?.live.release === liveRelease ? state?.previous?.release : state?.live.release
  const older = readyReleases(facts).filter((id) => liveRelease !== null && id < liveRelease)
  return [recorded, ...older].flatMap((id) => manifests.filter((one) => one.id === id && !hasFailed(one.id)))[0]
}

/** The release that takes over if the live one cannot be put to work again; undefined if there is none. */
export function fallbackRelease(facts: Facts): Manifest | undefined {
  const release = previousReleaseIfAny(facts)
  if (release === undefined || !readyReleases(facts).includes(release.id)) return undefined
  return isStartable(facts, release.image, rollbackInstance(facts, release.id)) ? release : undefined
}

/** A release that the user names. @throws UserError NOTHING_TO_ROLL_BACK */
export function namedRelease(facts: Facts, id: string): Manifest {
  const found = facts.manifests.find((manifest) => manifest.id === id)
  if (found !== undefined && readyReleases(facts).includes(id)) return found
  const failed = facts.readyMarks.find(({ release }) => release === id)?.failed
  const unusable = failed === undefined ? `release ${id} never became ready` : `release ${id} did not work: ${failed}`
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    found === undefined ? `there is no release ${id} on the server` : unusable,
    'see ai-deploy releases',
  )
}

function requireStartable(facts: Facts, release: Manifest, instance: string): void {
  if (isStartable(facts, release.image, instance)) return
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    `the image ${release.image} of release ${release.id} is no longer on the server`,
    'restore a backup, which builds it again: see --list-backups',
  )
}
