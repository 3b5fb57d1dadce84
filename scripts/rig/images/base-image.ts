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

/** Packages of a small rented server: what systemd and sshd need, sudo, and the tools that are on every such server. */
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

/** All images of the rig inherit it from their base. */
export const RIG_LABEL = 'ai-deploy-rig'

const wanted = new Map<string, Promise<void>>()

/** Name of an image with just this Debian; its packages are downloaded once and kept as a tar in the cache. */
export async function baseImage(base: Base): Promise<string> {
  const name = baseImageName(base)
  // Two images may start from one base at the same time.
  if (!wanted.has(name)) wanted.set(name, makeBaseImage(base, name))
  await wanted.get(name)
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
