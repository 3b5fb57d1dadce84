import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'

/** What a thread compresses at a time. */
const BLOCK_BYTES = 512 * 1024
/** The end of a block that the next one may refer to; more is of no use to deflate. */
const WINDOW_BYTES = 32 * 1024
/** Blocks that are compressed at the same time; Node has four threads for this. */
const PARALLEL = 4
/** A higher level takes much longer for little. */
export const GZIP = { level: 6, memLevel: 9 } as const
/** Of gzip, without a name and a time, from an unknown system. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
/** An empty last block. */
const END = Buffer.from([3, 0])

const deflate = promisify(deflateRaw) as (
  block: Buffer,
  options: NonNullable<Parameters<typeof deflateRaw>[1]>,
) => Promise<Buffer>

/** Compresses to one gzip stream, with several threads. Equal content gives equal bytes. */
export async function* parallelGzip(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = []
  let [sum, sizeBytes] = [0, 0]
  let before: Buffer = Buffer.alloc(0)
  yield HEAD
  for await (const block of inBlocks(content)) {
    sum = crc32(block, sum)
    sizeBytes += block.length
    running.push(compressed(block, before))
    before = block.subarray(-WINDOW_BYTES)
    if (running.length === PARALLEL) yield await (running.shift() as Promise<Buffer>)
  }
  yield* running
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(sum, 0)
  tail.writeUInt32LE(sizeBytes % 2 ** 32, 4)
  yield Buffer.concat([END, tail])
}

/** One that may refer to what is before it, and that does not end the stream. */
function compressed(block: Buffer, before: Buffer): Promise<Buffer> {
  const dictionary = before.length > 0 ? { dictionary: before } : {}
  return deflate(block, { ...GZIP, finishFlush: constants.Z_SYNC_FLUSH, ...dictionary })
}

async function* inBlocks(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let size = 0
  for await (const piece of content) {
    pieces.push(piece)
    size += piece.length
    if (size < BLOCK_BYTES) continue
    const block = Buffer.concat(pieces)
    ;[pieces, size] = [[], 0]
    yield block
  }
  if (size > 0) yield Buffer.concat(pieces)
}
