import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { packageRoot } from '../../../../kit/package-root.ts'
import { run } from '../../machine/run.ts'
import { baseImage, baseImageName, STAND_IN_BASE } from '../base-image.ts'
import { buildImage, type ImageSource, imageSourceHash } from '../build-image.ts'
import type { PulledImage } from '../pulled-image.ts'
import { shortHash } from '../short-hash.ts'

const NODE_VERSION = '24.21.0'
const NPM_VERSION = '11.21.2'

const SOURCE: ImageSource = { folder: import.meta.dirname, files: ['Dockerfile', 'docker-entrypoint.sh'] }

/** The base image of the gateway. The stand-in is made from the Node binary in npm's registry. */
export function nodeImage(): PulledImage {
  const sqlite = lockedVersion('better-sqlite3')
  return {
    reference: 'node:24-slim',
    key: shortHash(NODE_VERSION, NPM_VERSION, sqlite, baseImageName(STAND_IN_BASE), imageSourceHash(SOURCE)),
    makeStandIn: async (tag) => {
      const base = await baseImage(STAND_IN_BASE)
      await buildImage({ tag, source: SOURCE, base, stage: (context) => stagePackages(context, sqlite) })
    },
  }
}

async function stagePackages(context: string, sqlite: string): Promise<void> {
  await Promise.all([
    unpackNpmPackage(`node-linux-${process.arch}`, NODE_VERSION, join(context, 'node')),
    unpackNpmPackage('npm', NPM_VERSION, join(context, 'npm')),
    unpackNpmPackage('better-sqlite3', sqlite, join(context, 'better-sqlite3')),
  ])
}

async function unpackNpmPackage(name: string, version: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  const printed = await run(['npm', 'pack', '--silent', `${name}@${version}`], { cwd: target })
  const archive = join(target, basename(printed.trim()))
  await run(['tar', '--extract', '--gzip', '--file', archive, '--strip-components', '1', '--directory', target])
  await rm(archive)
}

/** The version that `npm ci` installs on a server. */
function lockedVersion(name: string): string {
  const lock = JSON.parse(readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string } | undefined>
  }
  const version = lock.packages[`node_modules/${name}`]?.version
  if (!version) throw new Error(`package-lock.json does not contain ${name}`)
  return version
}
