import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cacheDir } from '../layout.ts'
import { run } from '../machine/run.ts'
import { shortHash } from './short-hash.ts'

const MACHINE_CA = '/etc/ssl/certs/ca-certificates.crt'

/** The files of an image that are part of the repository. */
export interface ImageSource {
  folder: string
  /** Names of the files in that folder that go into the build context. One of them is the Dockerfile. */
  files: readonly string[]
}

export interface ImageBuild {
  tag: string
  source: ImageSource
  /** Name of the base image. */
  base: string
  /** Puts more files into the build context. */
  stage?: (context: string) => Promise<void>
}

/** Builds an image. Its build context holds the files of its source and the certificates that this machine trusts. */
export async function buildImage({ tag, source, base, stage }: ImageBuild): Promise<void> {
  await mkdir(cacheDir(), { recursive: true })
  const context = await mkdtemp(join(cacheDir(), `build-${basename(source.folder)}-`))
  try {
    await Promise.all(source.files.map((file) => copyFile(join(source.folder, file), join(context, file))))
    await stageMachineCa(context)
    await stage?.(context)
    await run(['docker', 'build', '--build-arg', `BASE=${base}`, '--tag', tag, context])
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** Changes when a file of the source or the certificates of this machine change. */
export function imageSourceHash({ folder, files }: ImageSource): string {
  const contents = files.map((file) => readFileSync(join(folder, file), 'utf8'))
  return shortHash(...contents, existsSync(MACHINE_CA) ? readFileSync(MACHINE_CA, 'utf8') : '')
}

async function stageMachineCa(context: string): Promise<void> {
  const target = join(context, 'machine-ca.crt')
  await (existsSync(MACHINE_CA) ? copyFile(MACHINE_CA, target) : writeFile(target, ''))
}
