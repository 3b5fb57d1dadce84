import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../kit/package-root.ts'
import { shortHash } from './base-image.ts'
import { cacheDir } from './layout.ts'
import { run } from './run.ts'

const MACHINE_CA = '/etc/ssl/certs/ca-certificates.crt'

export interface ImageBuild {
  tag: string
  /** Folder under tests/e2e/images with the Dockerfile. */
  folder: string
  /** Name of the base image. */
  base: string
  /** Puts further files into the build context. */
  stage?: (context: string) => Promise<void>
}

/** Builds an image whose context is its folder and the certificates that this machine trusts. */
export async function buildImage({ tag, folder, base, stage }: ImageBuild): Promise<void> {
  await mkdir(cacheDir(), { recursive: true })
  const context = await mkdtemp(join(cacheDir(), `build-${folder}-`))
  try {
    await cp(imageFolder(folder), context, { recursive: true })
    await stageMachineCa(context)
    await stage?.(context)
    await run(['docker', 'build', '--build-arg', `BASE=${base}`, '--tag', tag, context])
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** Changes when a file of the image's folder or the certificates of this machine change. */
export function imageSourceHash(folder: string): string {
  const files = readdirSync(imageFolder(folder)).sort()
  const contents = files.map((file) => readFileSync(join(imageFolder(folder), file), 'utf8'))
  return shortHash(...contents, existsSync(MACHINE_CA) ? readFileSync(MACHINE_CA, 'utf8') : '')
}

async function stageMachineCa(context: string): Promise<void> {
  const target = join(context, 'machine-ca.crt')
  await (existsSync(MACHINE_CA) ? copyFile(MACHINE_CA, target) : writeFile(target, ''))
}

function imageFolder(folder: string): string {
  return join(packageRoot(), 'tests/e2e/images', folder)
}
