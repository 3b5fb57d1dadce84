import { closeSync, fstatSync, openSync, type Stats } from 'node:fs'
import {
  asUnreadable,
  type ByteInput,
  type Compression,
  hasZstd,
  type OpenFile,
  openInput,
  readAt,
  UnreadableSource,
} from './input.ts'

const COMPRESSIONS: [name: Compression | 'bzip2' | 'xz', magic: Buffer][] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a])],
]
const LONGEST_MAGIC_BYTES = 5
const CHUNK_BYTES = 64 * 1024

/** An open log file; offsets are in decompressed bytes. */
export interface SourceFile extends OpenFile {
  path: string
  stats: Stats
}

/** A stretch of a file, in decompressed bytes. */
export interface Range {
  from: number
  size: number
}

/** @throws UnreadableSource */
export function openSource(path: string): SourceFile {
  const fd = guarded(() => openSync(path, 'r'))
  try {
    const stats = guarded(() => fstatSync(fd))
    return { path, fd, stats, sizeBytes: stats.size, compression: compressionOf(fd) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

export function closeSource({ fd }: SourceFile): void {
  closeSync(fd)
}

/** A text that changes whenever the file does. */
export function stampOf({ stats }: SourceFile): string {
  return [stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino].join(' ')
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asUnreadable(error)
  }
}

/** @throws UnreadableSource if it is compressed in a format that cannot be read */
function compressionOf(fd: number): Compression | undefined {
  const start = Buffer.alloc(LONGEST_MAGIC_BYTES)
  const length = readAt(fd, start, 0, start.length, 0)
  const begins = (magic: Buffer) => length >= magic.length && start.subarray(0, magic.length).equals(magic)
  const [name] = COMPRESSIONS.find(([, magic]) => begins(magic)) ?? []
  if (name === 'bzip2' || name === 'xz') {
    throw new UnreadableSource(`compressed with ${name}; logdb reads only gzip${hasZstd() ? ' and zstd' : ''}`)
  }
  if (name === 'zstd' && !hasZstd()) {
    throw new UnreadableSource('compressed with zstd; logdb reads that with Node 22.15 or newer')
  }
  return name
}

/**
 * The bytes of each range; fewer if the file ends before. A compressed file is decompressed once, up to the last range.
 * @throws UnreadableSource
 */
export async function readRanges(file: SourceFile, ranges: readonly Range[]): Promise<Buffer[]> {
  if (!file.compression) return ranges.map(({ from, size }) => readPlain(file, from, size))
  const input = openInput(file, 0)
  try {
    return await collect(input, ranges)
  } finally {
    input.close()
  }
}

function readPlain({ fd }: SourceFile, from: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  return bytes.subarray(0, readAt(fd, bytes, 0, size, from))
}

async function collect(input: ByteInput, ranges: readonly Range[]): Promise<Buffer[]> {
  const end = Math.max(0, ...ranges.map(({ from, size }) => from + size))
  const found = ranges.map(({ size }) => ({ bytes: Buffer.allocUnsafe(size), length: 0 }))
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let at = 0
  while (at < end) {
    const count = await input.read(chunk, 0)
    if (count === 0) break
    for (const [index, { from, size }] of ranges.entries()) {
      const part = found[index]
      if (!part || at + count <= from || at >= from + size) continue
      part.length += chunk.copy(part.bytes, part.length, Math.max(0, from - at), Math.min(count, from + size - at))
    }
    at += count
  }
  return found.map(({ bytes, length }) => bytes.subarray(0, length))
}
