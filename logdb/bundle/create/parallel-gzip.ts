import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { asPart, PARALLEL, PART_BYTES } from '../format/gzip-parts.ts'
import { inOrder } from '../format/in-order.ts'

/** The level before takes two thirds of the time and two per cent more space; the next one is not worth its time. */
const GZIP = { level: 6, memLevel: 9, chunkSize: PART_BYTES } as const

const compress = promisify(gzip) as (content: Buffer, options: typeof GZIP) => Promise<Buffer>

/** Compresses to a gzip file of parts, with several threads. Equal content gives equal bytes. */
export function parallelGzip(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return inOrder(inBlocks(content), PARALLEL, async (block) => asPart(await compress(block, GZIP)))
}

/** All of the same size except the last one; there is one even without content. */
async function* inBlocks(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let [size, count] = [0, 0]
  for await (const piece of content) {
    pieces.push(piece)
    size += piece.length
    if (size < PART_BYTES) continue
    const all = Buffer.concat(pieces)
    const end = size - (size % PART_BYTES)
    for (let at = 0; at < end; at += PART_BYTES) yield all.subarray(at, at + PART_BYTES)
    ;[pieces, size, count] = [[all.subarray(end)], size - end, count + 1]
  }
  if (size > 0 || count === 0) yield Buffer.concat(pieces)
}
