import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { CHUNK_BYTES } from './far-side.ts'

/** What a file consists of. */
export interface FileChunks {
  sizeBytes: number
  /** As hex, of all of it. */
  sha256: string
  /** Of each chunk; the last one may be shorter. */
  chunks: string[]
}

/** Reads a file once. */
export async function chunksOf(path: string): Promise<FileChunks> {
  const whole = createHash('sha256')
  const chunks: string[] = []
  let sizeBytes = 0
  for await (const chunk of eachChunk(path)) {
    whole.update(chunk)
    chunks.push(createHash('sha256').update(chunk).digest('hex'))
    sizeBytes += chunk.length
  }
  return { sizeBytes, sha256: whole.digest('hex'), chunks }
}

/** The same memory is used for all. */
async function* eachChunk(path: string): AsyncGenerator<Buffer> {
  await using file = await open(path)
  const buffer = Buffer.alloc(CHUNK_BYTES)
  for (;;) {
    let filled = 0
    for (let more = -1; more !== 0 && filled < CHUNK_BYTES; filled += more) {
      more = (await file.read(buffer, filled, CHUNK_BYTES - filled)).bytesRead
    }
    if (filled === 0) return
    yield buffer.subarray(0, filled)
  }
}

/** The bytes of some chunks. */
export function bytesOf(path: string, first: number, after: number): AsyncIterable<Buffer> {
  return createReadStream(path, { start: first * CHUNK_BYTES, end: after * CHUNK_BYTES - 1 })
}

/** Chunks that must be sent, as ranges of neighbours: those that differ from what is at the destination. */
export function differingRanges(
  chunks: readonly string[],
  present: readonly string[],
): { first: number; after: number }[] {
  const ranges: { first: number; after: number }[] = []
  for (const [index, sha256] of chunks.entries()) {
    if (present[index] === sha256) continue
    const last = ranges.at(-1)
    if (last?.after === index) last.after++
    else ranges.push({ first: index, after: index + 1 })
  }
  return ranges
}
