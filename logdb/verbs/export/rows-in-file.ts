import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parquetMetadata } from 'hyparquet'
import { LINE_FEED, QUOTE } from '../../../kit/ascii.ts'
import type { ExportFormat } from './row-writers.ts'

const CHUNK_BYTES = 1024 * 1024
/** At the end of a Parquet file, after its metadata: their length, and PAR1. */
const TRAILER_BYTES = 8

/** What a file holds. */
export interface FileContent {
  bytes: number
  sha256: string
  /** Undefined if that cannot be found out. */
  rows: number | undefined
}

/** Reads a file of an export. @throws an error of node:fs */
export function readExported(path: string, format: ExportFormat): FileContent {
  const file = openSync(path, 'r')
  try {
    const hash = createHash('sha256')
    const lines = new LineCounter(format === 'csv')
    let bytes = 0
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      const read = chunk.subarray(0, size)
      hash.update(read)
      if (format !== 'parquet') lines.read(read)
      bytes += size
    }
    return { bytes, sha256: hash.digest('hex'), rows: format === 'parquet' ? rowsOfParquet(file) : lines.rows }
  } finally {
    closeSync(file)
  }
}

/** Counts rows of JSON lines, or of CSV with a line of titles. */
class LineCounter {
  readonly #isCsv: boolean
  #isQuoted = false
  #lines = 0

  constructor(isCsv: boolean) {
    this.#isCsv = isCsv
  }

  get rows(): number {
    return this.#isCsv ? this.#lines - 1 : this.#lines
  }

  read(bytes: Buffer): void {
    for (const byte of bytes) {
      if (byte === QUOTE && this.#isCsv) this.#isQuoted = !this.#isQuoted
      else if (byte === LINE_FEED && !this.#isQuoted) this.#lines++
    }
  }
}

function rowsOfParquet(file: number): number | undefined {
  try {
    const { size } = fstatSync(file)
    const [trailer] = [read(file, size - TRAILER_BYTES, TRAILER_BYTES)]
    const metadataBytes = trailer.readUInt32LE(0) + TRAILER_BYTES
    const { buffer, byteOffset, byteLength } = read(file, size - metadataBytes, metadataBytes)
    return Number(parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer).num_rows)
  } catch {
    return undefined
  }
}

function read(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const size = readSync(file, bytes, 0, length, position)
  return bytes.subarray(0, size)
}
