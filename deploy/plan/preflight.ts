import { BYTES_PER_MIB } from '../../kit/sizes.ts'
import type { ServerSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import type { Facts } from '../server/facts.ts'
import type { Change } from './change.ts'

/** By what the kernel calls them. */
const PLATFORMS: Record<string, string> = {
  x86_64: 'linux/amd64',
  aarch64: 'linux/arm64',
  arm64: 'linux/arm64',
}
export const MIN_FREE_FOR_BUILD_BYTES = 2048 * BYTES_PER_MIB
/** An image that is built elsewhere. */
const MIN_FREE_FOR_IMAGE_BYTES = 768 * BYTES_PER_MIB
/** A release of an image that is there: its files, a backup of them and a container. */
export const MIN_FREE_FOR_RELEASE_BYTES = 64 * BYTES_PER_MIB

/** Refuses a plan that would fail half-way. @throws UserError TARGET_UNSUPPORTED, DISK_FULL, PORT_TAKEN */
export function preflight(facts: Facts, settings: ServerSettings, changes: readonly Change[]): void {
  checkArchitecture(facts)
  checkEdgeOwner(facts)
  if (changes.some(({ kind }) => kind === 'install-docker')) checkInstallation(facts)
  checkSpace(facts, Math.max(0, ...changes.map(neededBytes)))
  for (const port of [settings.httpPort, settings.httpsPort]) checkPort(facts, port)
}

function neededBytes(change: Change): number {
  if (change.kind === 'upload-release') return MIN_FREE_FOR_RELEASE_BYTES
  if (change.kind !== 'build-image') return 0
  return change.local === undefined ? MIN_FREE_FOR_BUILD_BYTES : MIN_FREE_FOR_IMAGE_BYTES
}

/** What an image must be for, to run on the server. */
export function imagePlatform({ os }: Facts): string {
  return PLATFORMS[os.arch] ?? os.arch
}

/** @throws UserError TARGET_UNSUPPORTED */
export function checkArchitecture({ os }: Facts): void {
  if (Object.hasOwn(PLATFORMS, os.arch)) return
  throw deployError('TARGET_UNSUPPORTED', `the server is a ${os.arch} machine`, 'use a server with x86_64 or arm64')
}

/** A server has one gateway; another folder knows nothing of it. @throws UserError TARGET_UNSUPPORTED */
export function checkEdgeOwner({ edge, folder }: Facts): void {
  if (edge.folder === null || edge.folder === folder) return
  throw deployError(
    'TARGET_UNSUPPORTED',
    `the edge of this server belongs to ${edge.folder}, not to ${folder}`,
    `name that folder: --path ${edge.folder} (a server has one gateway)`,
  )
}

/** Packages are installed on Debian and its kind only; an engine can be started anywhere. @throws UserError TARGET_UNSUPPORTED */
export function checkInstallation({ os, docker }: Facts): void {
  if ((docker?.compose ?? null) !== null) return
  if (/\b(debian|ubuntu)\b/.test(`${os.id} ${os.like}`)) return
  throw deployError(
    'TARGET_UNSUPPORTED',
    `${docker === null ? 'Docker' : 'Docker Compose'} is missing and ${os.id || 'this system'} is neither Debian nor Ubuntu`,
    'install Docker Engine and Compose there yourself, then run again',
  )
}

/** @throws UserError DISK_FULL */
export function checkSpace({ freeBytes }: Facts, neededBytes: number): void {
  const places = [
    { what: "Docker's images", free: freeBytes.docker },
    { what: 'the releases', free: freeBytes.folder },
  ]
  const short = places.find(({ free }) => free < neededBytes)
  if (short === undefined) return
  throw deployError(
    'DISK_FULL',
    `too little free space for ${short.what}: ${inMiB(short.free)} MiB, needed ${inMiB(neededBytes)} MiB`,
    'free some space on the server (docker system df shows what Docker uses), then run again',
  )
}

/** @throws UserError PORT_TAKEN */
export function checkPort({ listeners, edge, predecessor }: Facts, port: number): void {
  const program = listeners.get(port)
  // Docker's own proxy listens for a running edge.
  const isEdgeThere = edge.isRunning || edge.trouble !== undefined || predecessor?.isRunning
  if (program === undefined || (isEdgeThere && program === 'docker-proxy')) return
  throw deployError(
    'PORT_TAKEN',
    `port ${port} of the server is taken by ${program}`,
    `stop ${program}, or set HTTP_PORT and HTTPS_PORT in the server's .env (Let's Encrypt needs port 80), then run again`,
  )
}

function inMiB(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_MIB)
}
