import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { create } from 'tar'
import type { ReleaseFile } from './build-context.ts'
import { type Host, run } from './host/host.ts'
import type { Argv } from './remote/argv.ts'
import * as files from './remote/files.ts'

/** Replaces one file of the server. */
export async function putFile(host: Host, path: string, content: string, mode = '644'): Promise<void> {
  const sha256 = createHash('sha256').update(content).digest('hex')
  await run(host, `write ${path}`, files.writeFile(path, mode, sha256), { stdin: content })
}

const SECRET_FILES = ['gateway.env']

/** Sends files as one gzipped tar stream to a command that unpacks it. */
export async function sendTar(host: Host, what: string, release: ReleaseFile[], unpack: Argv, signal?: AbortSignal) {
  const staging = await mkdtemp(join(tmpdir(), 'ai-deploy-')) // mode 0700
  try {
    for (const { path, content } of release) {
      const target = join(staging, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, content, { mode: SECRET_FILES.includes(path) ? 0o600 : 0o644 })
    }
    const stream = create(
      { cwd: staging, gzip: true, portable: true },
      release.map(({ path }) => path),
    )
    await run(host, what, unpack, { stdin: Readable.from(stream), signal })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
