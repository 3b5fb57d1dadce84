import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { deployError } from '../errors.ts'
import { type Host, run } from '../host/host.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'
import { findBackup } from './find-backup.ts'

/** Fetches a backup of the server into the current folder, readable by its owner only. */
export async function pullBackup(context: Context, name: string): Promise<Outcome> {
  const target = resolve(context.options.cwd, name)
  if (name.includes('/')) {
    throw deployError('USAGE', `${name} is not a name of --list-backups`, 'give the name alone, without a folder')
  }
  if (existsSync(target)) throw deployError('USAGE', `${name} exists here already`, 'move it away, or keep it')
  return withServer(context, async (open) => {
    const { host, path } = findBackup(open, name)
    await fetchFile(host, path, target)
    return { result: { path: target }, lines: [target] }
  })
}

/** The file appears whole or not at all. */
async function fetchFile(host: Host, path: string, target: string): Promise<void> {
  const [expected = ''] = (await run(host, `read ${path}`, ['sha256sum', '--', path])).split(/[ \n]/)
  const part = join(`${target}.part`)
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const sent = await host.start(['cat', '--', path])
  try {
    await pipeline(sent.stdout, hashing, createWriteStream(part, { mode: 0o600 }))
    if (hash.digest('hex') !== expected.replace(/^\\/, '')) {
      throw deployError('SSH_UNREACHABLE', `${path} did not arrive whole`, 'run again')
    }
    renameSync(part, target)
  } finally {
    sent.end()
    rmSync(part, { force: true })
  }
}
