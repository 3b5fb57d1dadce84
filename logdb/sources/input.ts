import { readSync } from 'node:fs'
import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import { errorMessage } from '../../kit/user-error.ts'

const CHUNK_BYTES = 256 * 1024

/** How a log file may be compressed. */
export type Compression = 'gzip' | 'zstd'

/** Node 20 cannot read zstd, and its types do not know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: typeof zlib.createGunzip }

export function hasZstd(): boolean {
  return createZstdDecompress !== undefined
}

/** A log file that cannot be read. The run continues with other files. */
export class UnreadableSource extends Error {
  override readonly name = 'UnreadableSource'
}

/** An open log file. Its descriptor may belong to another thread, which closes it. */
export interface OpenFile {
  fd: number
  compression: Compression | undefined
  /** Its size when it was opened; what is written after that is left for later. */
  sizeBytes: number
}

/** Decompressed bytes of a log. */
export interface ByteInput {
  /** How many bytes of the file itself have been read. */
  readonly fileBytes: number
  /** Puts the next bytes into a buffer and returns how many; 0 at the end. @throws UnreadableSource */
  read(target: Buffer, at: number): Promise<number>
  close(): void
}

/** The bytes of a file from an offset on. */
export function openInput(file: OpenFile, from: number): ByteInput {
  return file.compression ? new CompressedInput(file, from) : new PlainInput(file, from)
}

class PlainInput implements ByteInput {
  readonly #file: OpenFile
  fileBytes = 0
  #at: number

  constructor(file: OpenFile, from: number) {
    this.#file = file
    this.#at = from
  }

  async read(target: Buffer, at: number): Promise<number> {
    const wanted = Math.min(target.length - at, this.#file.sizeBytes - this.#at)
    const count = wanted > 0 ? readAt(this.#file.fd, target, at, wanted, this.#at) : 0
    this.#at += count
    this.fileBytes += count
    return count
  }

  close(): void {}
}

class CompressedInput implements ByteInput {
  readonly #chunks: AsyncGenerator<Buffer>
  fileBytes = 0
  #chunk: Buffer = Buffer.alloc(0)
  #skip: number

  constructor(file: OpenFile, from: number) {
    this.#chunks = decompress(file, (count) => {
      this.fileBytes += count
    })
    this.#skip = from
  }

  async read(target: Buffer, at: number): Promise<number> {
    while (this.#chunk.length <= this.#skip) {
      this.#skip -= this.#chunk.length
      const next = await this.#chunks.next().catch((error: unknown) => {
        throw asUnreadable(error)
      })
      if (next.done) return 0
      this.#chunk = next.value
    }
    const count = this.#chunk.copy(target, at, this.#skip)
    this.#skip += count
    return count
  }

  close(): void {
    void this.#chunks.return(undefined)
  }
}

async function* decompress(file: OpenFile, onRead: (count: number) => void): AsyncGenerator<Buffer> {
  const raw = Readable.from(rawChunks(file, onRead))
  const open = file.compression === 'zstd' ? createZstdDecompress : zlib.createGunzip
  const stream = (open ?? zlib.createGunzip)({ chunkSize: CHUNK_BYTES })
  raw.on('error', (error) => stream.destroy(error))
  try {
    yield* raw.pipe(stream)
  } finally {
    raw.destroy()
    stream.destroy()
  }
}

function* rawChunks(file: OpenFile, onRead: (count: number) => void): Generator<Buffer> {
  let at = 0
  while (at < file.sizeBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.sizeBytes - at))
    const count = readAt(file.fd, chunk, 0, chunk.length, at)
    if (count === 0) return
    onRead(count)
    yield chunk.subarray(0, count)
    at += count
  }
}

/** Returns how many bytes it read: fewer than `count` if the file was truncated meanwhile. @throws UnreadableSource */
export function readAt(fd: number, target: Buffer, at: number, count: number, position: number): number {
  try {
    return readSync(fd, target, at, count, position)
  } catch (error) {
    throw asUnreadable(error)
  }
}

export function asUnreadable(error: unknown): UnreadableSource {
  return error instanceof UnreadableSource ? error : new UnreadableSource(errorMessage(error), { cause: error })
}
