import { createHash } from 'node:crypto'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { deployError } from '../errors.ts'
import type { Argv } from '../host/argv.ts'
import type { Host } from '../host/host.ts'

/**
 * Keeps what a command prints as a file of this machine, readable by its owner only; it appears whole or not at all.
 * @param what names it in messages
 */
export async function fetchFile(
  host: Host,
  command: Argv,
  target: string,
  sha256: string,
  what: string,
): Promise<void> {
  const part = `${target}.part`
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const sent = await host.start(command)
  try {
    await pipeline(sent.stdout, hashing, createWriteStream(part, { mode: 0o600 }))
    if (hash.digest('hex') !== sha256) throw deployError('SSH_UNREACHABLE', `${what} did not arrive whole`, 'run again')
    renameSync(part, target)
  } finally {
    sent.end()
    rmSync(part, { force: true })
  }
}
