import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../../kit/user-error.ts'
import { cacheDir } from '../../layout.ts'
import { isThere } from '../../machine/packages.ts'
import { step } from '../../machine/progress.ts'
import { run } from '../../machine/run.ts'
import { baseImage, baseImageName, STAND_IN_BASE } from '../base-image.ts'
import { buildImage, type ImageSource, imageSourceHash } from '../build-image.ts'
import type { PulledImage } from '../pulled-image.ts'
import { shortHash } from '../short-hash.ts'

const MODULE = 'github.com/traefik/traefik/v3'
/** The Go module that pins Traefik's version. */
const GO_MOD = join(import.meta.dirname, 'go.mod')
const SOURCE: ImageSource = { folder: import.meta.dirname, files: ['Dockerfile', 'entrypoint.sh'] }

/** The edge image; where no registry is reachable, made from TRAEFIK_BIN or from a build of Traefik's Go module. */
export function traefikImage(): PulledImage {
  const version = pinnedVersion()
  const ownBinary = process.env['TRAEFIK_BIN']
  return {
    reference: 'traefik:v3.6',
    key: shortHash(version, ownBinary ?? '', baseImageName(STAND_IN_BASE), imageSourceHash(SOURCE)),
    preferStandIn: ownBinary !== undefined,
    makeStandIn: async (tag) => {
      // The build takes minutes, so nothing may come before it.
      const [binary, base] = await Promise.all([ownBinary ?? builtBinary(version), baseImage(STAND_IN_BASE)])
      await buildImage({ tag, source: SOURCE, base, stage: (context) => stageBinary(context, binary) })
    },
  }
}

async function stageBinary(context: string, binary: string): Promise<void> {
  const target = join(context, 'traefik')
  await copyFile(binary, target)
  await chmod(target, 0o755)
}

/** Path of a Traefik built on this machine; made once per version. */
async function builtBinary(version: string): Promise<string> {
  const binary = join(cacheDir(), `traefik-${version}`)
  if (!existsSync(binary))
    await step(`Building Traefik ${version} (several minutes)`, () => buildTraefik(version, binary))
  return binary
}

async function buildTraefik(version: string, binary: string): Promise<void> {
  if (!(await isThere('go'))) throw noTraefik()
  // Over 6 GB; a build that was cut off goes on from here.
  const scratch = join(cacheDir(), 'traefik-build')
  mkdirSync(scratch, { recursive: true })
  const unfinished = join(scratch, 'traefik')
  const linkerFlags = `-s -w -X ${MODULE}/pkg/version.Version=${version}`
  const build = ['go', 'build', '-trimpath', '-modcacherw', '-ldflags', linkerFlags, '-o', unfinished]
  await run([...build, `${MODULE}/cmd/traefik`], {
    cwd: import.meta.dirname,
    env: { CGO_ENABLED: '0', GOFLAGS: '', GOMODCACHE: join(scratch, 'modules'), GOCACHE: join(scratch, 'cache') },
  })
  renameSync(unfinished, binary)
  await rm(scratch, { recursive: true, force: true })
}

function pinnedVersion(): string {
  const version = readFileSync(GO_MOD, 'utf8').match(new RegExp(`${MODULE} v(\\S+)`))?.[1]
  if (!version) throw new Error(`${GO_MOD} does not require ${MODULE}`)
  return version
}

function noTraefik(): UserError {
  const what = 'There is no Traefik: its image cannot be pulled, and there is no Go to build it.'
  const hint = 'Set TRAEFIK_BIN to a Traefik 3.6 binary, or install Go, then run: npm run rig -- up'
  return new UserError('RIG_TRAEFIK', what, { hint })
}
