import type { Argv } from '../host/argv.ts'
import type { BackupCopy } from './backup/backup-copies.ts'
import type { BackupSummary } from './backup/backup-manifest.ts'
import type { AcmeAttempt } from './certificates/acme-attempts.ts'
import type { StoredCertificate, StoreFault } from './certificates/certificate-store.ts'
import type { OwnCertificate } from './certificates/own-certificates.ts'
import { containerName, releaseOf } from './instance.ts'
import type { Hold } from './lock/hold.ts'
import type { RoutineFact } from './logdb/routine-fact.ts'
import type { UiFact } from './logdb/ui-fact.ts'
import { imageTag, type Manifest } from './manifest.ts'
import type { ReadyMark, State } from './state.ts'

/** What a server looks like, before anything is decided. Contents of files are null where there is no file. */
export interface Facts {
  readonly os: { id: string; like: string; arch: string }
  readonly docker: DockerFacts | null
  /** The server's clock, seconds since 1970. */
  readonly clockS: number
  /** Free space in bytes. */
  readonly freeBytes: { docker: number; folder: number }
  /** Programs that listen, by TCP port. */
  readonly listeners: ReadonlyMap<number, string>
  /** Addresses of the server's interfaces. */
  readonly interfaces: readonly string[]
  /** The folder with symbolic links resolved. */
  readonly folder: string
  /** Changes with .env, the route file and the file hold, byte for byte. */
  readonly watchedDigest: string
  readonly env: string | null
  readonly state: State | null
  /** Somebody wants it to stay as it is; null if not. */
  readonly hold: Hold | null
  /** Text of the route file. */
  readonly route: string | null
  /** Instance that is live: see `findLive`. */
  readonly live: string | null
  /** The live instance runs, but has not answered for seconds, not even inside its own container. */
  readonly isLiveSilent: boolean
  /** What the link `current` leads to; null if it is missing or not a link. */
  readonly current: string | null
  readonly edge: EdgeFacts
  /** The Python gateway in the same folder; null if there is none. */
  readonly predecessor: PredecessorFacts | null
  readonly logdbScript: string | null
  readonly routine: RoutineFact
  readonly ui: UiFact
  readonly manifests: readonly Manifest[]
  /** Releases that have answered through the edge at least once. */
  readonly readyMarks: readonly ReadyMark[]
  /** Folders that a deploy makes and that are not there. */
  readonly missingFolders: readonly string[]
  /** Runs that were cut off left half-written files, or those of a restore. */
  readonly hasTornFiles: boolean
  /** A run was cut off between its first change of the route and the end of its watch. */
  readonly isUnwatched: boolean
  /** True if the reserve that a rollback frees on a full disk is there. */
  readonly hasReserve: boolean
  readonly containers: readonly ContainerFact[]
  /** Tags of the image ai-proxy. */
  readonly imageTags: readonly string[]
  readonly certificates: readonly StoredCertificate[]
  /** Those that failed last. */
  readonly acmeAttempts: readonly AcmeAttempt[]
  /** Why the edge cannot use files in certs/. */
  readonly storeFaults: readonly StoreFault[]
  /** Certificates of the owner, the one in use first. */
  readonly ownCertificates: readonly OwnCertificate[]
  /** What a run that was cut off has stopped and not started again, as in `docker:web`. */
  readonly freedPorts: readonly string[]
  /** Text of the file that names them; null if there is none. */
  readonly ownCertificateConfig: string | null
  readonly backups: readonly BackupFact[]
  /** Backups that are elsewhere too, oldest first. */
  readonly copies: readonly BackupCopy[]
  /** True if logs/db has a database. */
  readonly hasLogDatabases: boolean
}

export interface DockerFacts {
  /** Version of the engine; null when it does not run. */
  engine: string | null
  compose: ComposeCommand | null
}

export interface ComposeCommand {
  argv: Argv
  version: string
}

export interface EdgeFacts {
  isRunning: boolean
  /** Why the edge cannot do its work although its container exists. */
  trouble?: EdgeTrouble | undefined
  /** The folder that the edge belongs to, links resolved; null when there is no edge. */
  folder: string | null
  /** The kernel can lead new connections to a second edge while this one is replaced. */
  canHandOver?: boolean
  /** A change of the edge was cut off: a second edge, or what leads to it, is still there. */
  isHandedOver?: boolean
  /** Digest of the files that the container was made from; null where it is not known. */
  label?: string | null
  composeFile: string | null
  traefikConfig: string | null
  acmeCa: string | null
}

/**
 * `detached`: not on the network that leads to the releases. `unmounted`: a folder that it reads was removed.
 * `unhealthy`: Traefik does not answer its own health check. `unnamed`: its recreation was cut off, and it has another name.
 */
export type EdgeTrouble = 'paused' | 'detached' | 'unmounted' | 'unhealthy' | 'unnamed'

export interface PredecessorFacts {
  /** Its Traefik runs, which has the ports. */
  isRunning: boolean
  /** Connections of clients to it. */
  connections: number
  /** Others of its containers run. */
  isLeft: boolean
}

export interface ContainerFact {
  name: string
  /** As `docker ps` shows it: running, exited, created, ... */
  state: string
  release: string
  /** Docker starts it again after a reboot. */
  isRestarted: boolean
  /** Not on the network that leads to the edge, or on one that does not exist any more. */
  isDetached?: boolean
  /** Its folder of logs was replaced by another one. */
  isUnmounted?: boolean
  /** Somebody has told it to stop, and it finishes its running answers. */
  isStopping?: boolean
  /** It ends again and again, and Docker starts it each time. */
  isCrashing?: boolean
  /** It runs for a rollback until then, in seconds since 1970; then a timer of the server stops it. */
  warmUntilS?: number
}

export interface BackupFact {
  name: string
  sizeBytes: number
  /** Seconds since 1970. */
  modifiedS: number
  /** Null for an archive that this tool did not make, or made before backups had manifests. */
  summary: BackupSummary | null
  /** It looks like one that the Python project made. */
  isPredecessors: boolean
}

/** The release that answers now, if its manifest can be read. */
export interface LiveRelease {
  instance: string
  manifest: Manifest
}

export function liveRelease({ live, manifests }: Facts): LiveRelease | null {
  const manifest = live === null ? undefined : manifests.find(({ id }) => id === releaseOf(live))
  return live === null || manifest === undefined ? null : { instance: live, manifest }
}

/** True if state.json or `current` does not name the live release, as after a deploy that was cut off. */
export function isUnrecorded({ live, state, current }: Facts): boolean {
  if (live === null) return false
  return state?.live.instance !== live || current !== `releases/${releaseOf(live)}`
}

/** A timer may be a little late. */
const TIMER_LATE_S = 15

/** True while a container is kept running for a rollback. */
export function isWarm({ warmUntilS = 0, isStopping }: ContainerFact, { clockS }: Facts): boolean {
  return !isStopping && warmUntilS + TIMER_LATE_S > clockS
}

/** Names of containers that nobody needs and nobody has told to stop: a run that was cut off left them. */
export function leftovers({ live, containers }: Facts): string[] {
  return containers
    .filter(({ name }) => live === null || name !== containerName(live))
    .filter((container) => (isActive(container) || container.isRestarted) && !container.isStopping)
    .filter(({ warmUntilS }) => warmUntilS === undefined)
    .map(({ name }) => name)
}

/** It has a process. */
export function isActive({ state }: ContainerFact): boolean {
  return ['running', 'paused', 'restarting'].includes(state)
}

/** Releases that were told to stop and still finish their running answers. */
export function drainingReleases({ containers }: Facts): string[] {
  return [...new Set(containers.filter(({ isStopping }) => isStopping).map(({ release }) => release))]
}

/** Names of the containers that run. */
export function runningContainers(containers: readonly ContainerFact[]): string[] {
  return containers.filter(({ state }) => state === 'running').map(({ name }) => name)
}

export function hasImage({ imageTags }: Facts, image: string): boolean {
  return imageTags.includes(imageTag(image))
}

/** Only a container or an image that is still there can be started. */
export function isStartable(facts: Facts, image: string, instance: string): boolean {
  return hasImage(facts, image) || facts.containers.some(({ name }) => name === containerName(instance))
}
