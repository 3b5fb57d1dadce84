import type { Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errorMessage } from '../../kit/user-error.ts'

const CHUNK_BYTES = 1024 * 1024
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const OTHER_COMPRESSION: [name: string, magic: Buffer][] = [
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
]
const LONGEST_MAGIC_BYTES = 5

/** A log file that cannot be read; others can. */
export class UnreadableSource extends Error {
  override readonly name = 'UnreadableSource'
}

/** A log file, read as if it were never compressed: offsets count decompressed bytes. */
export interface SourceFile {
  path: string
  isCompressed: boolean
  stats: Stats
  /** Bytes from an offset to the end that the file had when it was opened. @throws UnreadableSource */
  chunks(from: number): AsyncIterable<Buffer>
  close(): Promise<void>
}

/** @throws UnreadableSource */
export async function openSource(path: string): Promise<SourceFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw asUnreadable(error)
  })
  try {
    const stats = await handle.stat()
    const isCompressed = await hasGzipMagic(handle)
    const read = isCompressed
      ? (from: number) => skipBytes(gunzipChunks(handle, stats.size), from)
      : (from: number) => plainChunks(handle, from, stats.size)
    return { path, isCompressed, stats, chunks: (from) => guard(read(from)), close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw asUnreadable(error)
  }
}

async function hasGzipMagic(handle: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST_MAGIC_BYTES), 0, LONGEST_MAGIC_BYTES, 0)
  const start = buffer.subarray(0, bytesRead)
  const other = OTHER_COMPRESSION.find(([, magic]) => start.subarray(0, magic.length).equals(magic))
  if (other) throw new UnreadableSource(`compressed with ${other[0]}, of which only gzip is read`)
  return start.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)
}

async function* plainChunks(handle: FileHandle, from: number, end: number): AsyncGenerator<Buffer> {
  let at = from
  while (at < end) {
    const wanted = Math.min(CHUNK_BYTES, end - at)
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function* gunzipChunks(handle: FileHandle, end: number): AsyncGenerator<Buffer> {
  const raw = Readable.from(plainChunks(handle, 0, end))
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  raw.on('error', (error) => gunzip.destroy(error))
  try {
    yield* raw.pipe(gunzip)
  } finally {
    raw.destroy()
    gunzip.destroy()
  }
}

async function* skipBytes(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

async function* guard(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks
  } catch (error) {
    throw asUnreadable(error)
  }
}

function asUnreadable(error: unknown): UnreadableSource {
  return error instanceof UnreadableSource ? error : new UnreadableSource(errorMessage(error), { cause: error })
}

/** Up to `size` bytes at an offset; fewer if the file ends before. */
export async function readRange(source: SourceFile, from: number, size: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  if (size > 0) {
    for await (const chunk of source.chunks(from)) {
      parts.push(chunk)
      length += chunk.length
      if (length >= size) break
    }
  }
  return Buffer.concat(parts).subarray(0, size)
}
