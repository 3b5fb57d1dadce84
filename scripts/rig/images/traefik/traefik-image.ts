import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { UserError } from '../../../../kit/user-error.ts'
import { rigError } from '../../errors.ts'
import { cacheDir } from '../../layout.ts'
import { isInstalled } from '../../machine/packages.ts'
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

/** The image of the edge. The stand-in is made from TRAEFIK_BIN, or from a build of Traefik's Go module. */
export function traefikImage(): PulledImage {
  const version = pinnedVersion()
  const ownBinary = process.env['TRAEFIK_BIN']
  return {
    reference: 'traefik:v3.6',
    key: shortHash(version, ownBinary ?? '', baseImageName(STAND_IN_BASE), imageSourceHash(SOURCE)),
    prefersStandIn: ownBinary !== undefined,
    makeStandIn: async (tag) => {
      // The build takes minutes, so it starts first.
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

/** Path of a Traefik that was built on this machine, once per version. */
async function builtBinary(version: string): Promise<string> {
  const binary = join(cacheDir(), `traefik-${version}`)
  if (!existsSync(binary)) {
    await step(`Building Traefik ${version} (several minutes)`, () => buildTraefik(version, binary))
  }
  return binary
}

async function buildTraefik(version: string, binary: string): Promise<void> {
  if (!(await isInstalled('go'))) throw noTraefik()
  // Over 6 GB. An interrupted build resumes from here.
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
  const message = "Traefik's image cannot be pulled, and Go is not installed to build it"
  const hint = 'set TRAEFIK_BIN to a Traefik 3.6 binary, or install Go, then run "npm run rig -- up" again'
  return rigError('RIG_TRAEFIK', message, hint)
}
