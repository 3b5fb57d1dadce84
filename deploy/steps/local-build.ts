import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createGzip } from 'node:zlib'
import { deployError } from '../errors.ts'
import { LocalHost } from '../host/local-host.ts'
import { outputOf } from '../host/program.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import type { Change, LocalBuild } from '../plan/change.ts'
import * as docker from '../remote/docker.ts'
import type { Server } from './definition.ts'

/** A connection is slower than this compression. */
const GZIP_LEVEL = 3
const LINES_SHOWN = 15

/**
 * Builds an image on this machine, sends it, and removes it here again; its layers stay in the cache of the builder.
 * @param onLine takes what the builder prints
 * @throws UserError BUILD_FAILED
 */
export async function buildHere(
  { image, nodeImage }: Change<'build-image'>,
  { program, target }: LocalBuild,
  { host, buildContext, signal }: Server,
  onLine: (line: string) => void,
): Promise<void> {
  const here = new LocalHost({ kind: 'root' })
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-build-'))
  const lines: string[] = []
  const keep = (line: string) => {
    lines.push(line)
    onLine(line)
  }
  try {
    await writeFiles(folder, buildContext)
    const options = ['--platform', target, '--build-arg', `NODE_IMAGE=${nodeImage}`, '-t', image]
    const { exitCode } = await here.exec([program, 'build', ...options, folder], { signal, onLine: keep })
    if (exitCode !== 0) throw imageFailed('built on this machine', lines)
    onLine('sending the image')
    await send(image, { program, target }, { host, signal })
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await here.exec([program, 'rmi', image])
  }
}

async function writeFiles(folder: string, files: readonly ReleaseFile[]): Promise<void> {
  for (const { path, content } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

async function send(
  image: string,
  { program, target }: Pick<LocalBuild, 'program' | 'target'>,
  { host, signal }: Pick<Server, 'host' | 'signal'>,
): Promise<void> {
  const stream = outputOf([program, 'save', image], createGzip({ level: GZIP_LEVEL }))
  const broken = new Promise<string>((resolve) => stream.once('error', ({ message }) => resolve(message)))
  try {
    const loading = host.exec(docker.loadImage(image, target), { stdin: stream, signal })
    const { exitCode, stderr } = await Promise.race([
      loading,
      broken.then((message) => ({ exitCode: 1, stderr: message })),
    ])
    if (exitCode !== 0) throw imageFailed('sent to the server', stderr.trim().split('\n'))
  } finally {
    stream.destroy()
  }
}

/** @param what completes "the image cannot be" */
export function imageFailed(what: string, lines: readonly string[]) {
  return deployError(
    'BUILD_FAILED',
    `the image cannot be ${what}. The last lines were:\n${lines.slice(-LINES_SHOWN).join('\n')}`,
    'what answers now is untouched; when the cause is gone, run again',
  )
}
