import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, statSync, truncateSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { deployError } from '../../errors.ts'
import { type Host, run } from '../../host/host.ts'
import { CHUNK_BYTES, measureBundle, NO_FILE, sendChunks } from '../../remote/logdb/bundles.ts'
import { readPairs } from '../../server/pairs.ts'

interface RemoteBundle {
  sizeBytes: number
  /** SHA-256 of each chunk. */
  chunks: readonly string[]
}

/** A bundle in bundles/ of a server; undefined if it is not there. @throws CommandFailed */
export async function findBundle(host: Host, folder: string, file: string): Promise<RemoteBundle | undefined> {
  const command = measureBundle(folder, file)
  const result = await host.exec(command)
  if (result.exitCode === NO_FILE) return undefined
  const pairs = readPairs(result.exitCode === 0 ? result.stdout : await run(host, `read ${file}`, command))
  return { sizeBytes: Number(pairs.one('size') ?? 0), chunks: pairs.all('chunk') }
}

export interface Fetching {
  host: Host
  folder: string
  file: string
  /** Where it is kept here. What is there already is compared, and not fetched again. */
  target: string
}

/**
 * Fetches what is missing of a bundle, chunk by chunk: after an interruption at most one chunk comes again.
 * @returns how many bytes came
 * @throws UserError SSH_UNREACHABLE if it did not arrive whole
 */
export async function fetchChunks(from: Fetching, { sizeBytes, chunks }: RemoteBundle): Promise<number> {
  const { host, folder, file, target } = from
  const present = await localChunks(target)
  if (existsSync(target) && statSync(target).size > sizeBytes) truncateSync(target, sizeBytes)
  const missing = chunks.flatMap((hash, at) => (present[at] === hash ? [] : [at]))
  let fetched = 0
  for (const [first, count] of runsOf(missing)) {
    const sent = await host.start(sendChunks(folder, file, first, count))
    sent.stdout.on('data', (data: Buffer) => {
      fetched += data.length
    })
    const options = { flags: existsSync(target) ? 'r+' : 'w', start: first * CHUNK_BYTES, mode: 0o600 }
    try {
      await pipeline(sent.stdout, createWriteStream(target, options))
    } finally {
      sent.end()
    }
  }
  const whole = await localChunks(target)
  const isWhole = whole.length === chunks.length && chunks.every((hash, at) => whole[at] === hash)
  if (isWhole) return fetched
  throw deployError('SSH_UNREACHABLE', `${file} did not arrive whole`, 'run again; what arrived is not sent again')
}

/** SHA-256 of each chunk of a file; none if it is not there. */
async function localChunks(path: string): Promise<string[]> {
  if (!existsSync(path)) return []
  const hashes: string[] = []
  for (let start = 0; start < statSync(path).size; start += CHUNK_BYTES) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(path, { start, end: start + CHUNK_BYTES - 1 }), hash)
    hashes.push(hash.digest('hex'))
  }
  return hashes
}

/** Neighbours together, each run as its first number and its length. */
function runsOf(numbers: readonly number[]): [first: number, count: number][] {
  const runs: [number, number][] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === number) last[1]++
    else runs.push([number, 1])
  }
  return runs
}
