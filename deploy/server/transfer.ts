import { Readable } from 'node:stream'
import { Header, Pack, ReadEntry } from 'tar'
import { sha256 } from '../../kit/sha256.ts'
import type { Argv } from '../host/argv.ts'
import { type Host, run } from '../host/host.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import * as files from '../remote/files.ts'
import { UI_ENV } from './manifest.ts'

interface PutOptions {
  mode?: string
  /** Path of a copy that is kept of the file that was there. */
  copy?: string | undefined
}

/** Replaces one file of the server. */
export async function putFile(host: Host, path: string, content: string, options: PutOptions = {}): Promise<void> {
  const { mode = '644', copy } = options
  await run(host, `write ${path}`, files.writeFile(path, mode, sha256(content), copy), { stdin: content })
}

const SECRET_FILES = ['gateway.env', UI_ENV]

/** Sends files as one gzipped tar stream to a command that unpacks it; they never touch a disk of this machine. */
export async function sendTar(
  host: Host,
  what: string,
  release: readonly ReleaseFile[],
  unpack: Argv,
  signal?: AbortSignal,
): Promise<void> {
  await run(host, what, unpack, { stdin: Readable.from(packed(release)), signal })
}

function packed(release: readonly ReleaseFile[]): Pack {
  const pack = new Pack({ gzip: true, portable: true })
  for (const { path, content: given } of release) {
    const content = typeof given === 'string' ? Buffer.from(given) : given
    const mode = SECRET_FILES.includes(path) ? 0o600 : 0o644
    const entry = new ReadEntry(new Header({ path, mode, size: content.length, type: 'File', mtime: new Date() }))
    pack.add(entry)
    entry.end(content)
  }
  pack.end()
  return pack
}
