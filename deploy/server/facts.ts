import type { Argv } from '../host/argv.ts'
import { containerName, releaseOf } from './instance.ts'
import { imageTag, type Manifest } from './manifest.ts'
import type { State } from './state.ts'

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
  /** Changes with .env and the route file, byte for byte. */
  readonly watchedDigest: string
  readonly env: string | null
  readonly state: State | null
  /** Text of the route file. */
  readonly route: string | null
  /** Instance that the route file names: the truth about what is live. */
  readonly live: string | null
  readonly edge: EdgeFacts
  readonly logdbScript: string | null
  readonly manifests: readonly Manifest[]
  readonly containers: readonly ContainerFact[]
  /** Tags of the image ai-proxy. */
  readonly imageTags: readonly string[]
  /** Domains with a certificate, by file in certs/. */
  readonly certificates: readonly { file: string; domain: string }[]
  readonly backups: readonly BackupFact[]
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
  /** The folder that the edge belongs to, links resolved; null when there is no edge. */
  folder: string | null
  composeFile: string | null
  traefikConfig: string | null
  acmeCa: string | null
}

export interface ContainerFact {
  name: string
  /** As `docker ps` shows it: running, exited, created, ... */
  state: string
  release: string
  /** Docker starts it again after a reboot. */
  isRestarted: boolean
}

export interface BackupFact {
  name: string
  sizeBytes: number
  /** Seconds since 1970. */
  modifiedS: number
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

/** True if the container of the live release runs. */
export function isLiveRunning({ live, containers }: Facts): boolean {
  return live !== null && runningContainers(containers).includes(containerName(live))
}

/** True if a deploy was cut off after its switch: what answers is not recorded, or another release keeps running. */
export function isUnsettled({ live, state, containers }: Facts): boolean {
  if (live === null) return false
  const lasting = runningContainers(containers.filter(({ isRestarted }) => isRestarted))
  return state?.live.instance !== live || lasting.some((name) => name !== containerName(live))
}

/** Names of the containers that run. */
export function runningContainers(containers: readonly ContainerFact[]): string[] {
  return containers.filter(({ state }) => state === 'running').map(({ name }) => name)
}

export function hasImage({ imageTags }: Facts, image: string): boolean {
  return imageTags.includes(imageTag(image))
}
