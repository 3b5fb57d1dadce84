import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, type Suite } from '../layout.ts'
import { hasImage } from '../machine/engine.ts'
import { step } from '../machine/progress.ts'
import { run } from '../machine/run.ts'
import { shortHash } from './short-hash.ts'

export interface Base {
  suite: Suite
  packages: string[]
}

/** Packages of a small rented server: what systemd and sshd need, sudo, and the tools that every such server has. */
export const SERVER_PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'ca-certificates',
  'openssh-server',
  'sudo',
  'iproute2',
  'iptables',
  'procps',
  'curl',
]

/** Debian under the stand-ins for public images, the same as under the public Node image. */
export const STAND_IN_BASE: Base = { suite: 'bookworm', packages: ['ca-certificates'] }

/** Label of all images of the rig. They inherit it from their base image. */
export const RIG_LABEL = 'ai-deploy-rig'

/** The base images that this process makes or has made. */
const begun = new Map<string, Promise<void>>()

/**
 * Makes an image with only this Debian. The installed system is kept as a tar in the cache.
 * @returns the name of the image
 */
export async function baseImage(base: Base): Promise<string> {
  const name = baseImageName(base)
  // Two images may need the same base at the same time.
  if (!begun.has(name)) begun.set(name, makeBaseImage(base, name))
  await begun.get(name)
  return name
}

async function makeBaseImage(base: Base, name: string): Promise<void> {
  if (await hasImage(name)) return
  const tar = join(cacheDir(), `${name.replace(/.*:/, 'debian-')}.tar`)
  const title = `Installing Debian ${base.suite} (${base.packages.join(' ')})`
  if (!existsSync(tar)) await step(title, () => debootstrap(base, tar))
  await run(['docker', 'import', '--change', `LABEL ${RIG_LABEL}=`, tar, name])
}

export function baseImageName({ suite, packages }: Base): string {
  return `ai-deploy-rig/debian:${suite}-${shortHash(packages.join(','))}`
}

async function debootstrap({ suite, packages }: Base, tar: string): Promise<void> {
  mkdirSync(cacheDir(), { recursive: true })
  const unfinished = `${tar}.${process.pid}.tar`
  await run(['mmdebstrap', '--variant=minbase', `--include=${packages.join(',')}`, suite, unfinished])
  renameSync(unfinished, tar)
}
