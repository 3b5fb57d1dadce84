import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, type Gunzip, gunzip, type ZlibOptions } from 'node:zlib'
import { errorMessage } from '../../../kit/user-error.ts'
import { BadArchive } from './bad-archive.ts'
import { BytesAhead } from './bytes-ahead.ts'
import { PARALLEL, PART_BYTES, PART_HEAD_BYTES, partLength } from './gzip-parts.ts'
import { inOrder } from './in-order.ts'

const CHUNK_BYTES = 256 * 1024
/** The next chunks are unpacked while one is hashed. */
const GUNZIP = { chunkSize: CHUNK_BYTES, highWaterMark: 4 * CHUNK_BYTES }
const GUNZIP_PART = { chunkSize: PART_BYTES, maxOutputLength: PART_BYTES, info: true } satisfies ZlibOptions

interface Part {
  bytes: Buffer
  /** Where it ends in the file. */
  endsAt: number
}

/**
 * Unpacks a gzip file: the parts that bundles of ours consist of with several threads, everything else, such as a bundle of
 * the predecessor, as one stream.
 * @throws BadArchive, errors of zlib
 */
export async function* unpack(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const bytes = new BytesAhead(content)
  try {
    yield* inOrder(partsOf(bytes), PARALLEL, unpackPart)
    const isAllParts = bytes.position > 0 && (await bytes.peek(1)).length === 0
    if (!isAllParts) yield* unpackStream(bytes)
  } finally {
    await bytes.close()
  }
}

/** Those at the beginning. */
async function* partsOf(bytes: BytesAhead): AsyncGenerator<Part> {
  for (;;) {
    const length = partLength(await bytes.peek(PART_HEAD_BYTES))
    if (length === undefined) return
    const part = await bytes.take(length)
    if (part.length < length) throw endsEarly(bytes.position)
    yield { bytes: part, endsAt: bytes.position }
  }
}

function unpackPart({ bytes, endsAt }: Part): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const damaged = (reason: string) => reject(damagedBefore(endsAt, reason))
    gunzip(bytes, GUNZIP_PART, (error, result) => {
      if (error) return damaged(errorMessage(error))
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: Gunzip }
      if (engine.bytesWritten === bytes.length) resolve(buffer)
      else damaged('a part is not as long as it says')
    })
  })
}

async function* unpackStream(bytes: BytesAhead): AsyncGenerator<Buffer> {
  const begin = bytes.position
  const stream = createGunzip(GUNZIP)
  const fed = pipeline(Readable.from(bytes.rest(), { objectMode: false }), stream)
  // Its error is that of the stream, which the loop gets.
  fed.catch(() => {})
  yield* stream as AsyncIterable<Buffer>
  if (stream.bytesWritten < bytes.position - begin)
    throw new BadArchive('damaged', 'something follows the compressed data')
}

export function endsEarly(packedBytes: number): BadArchive {
  return new BadArchive('truncated', `the file ends after ${packedBytes} bytes, before its compressed data does`)
}

export function damagedBefore(packedBytes: number, reason: string): BadArchive {
  return new BadArchive('damaged', `the compressed data is damaged before byte ${packedBytes}: ${reason}`)
}
