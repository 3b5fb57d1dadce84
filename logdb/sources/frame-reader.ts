import { createHash, type Hash } from 'node:crypto'
import { BYTES_PER_MIB } from '../../kit/sizes.ts'
import type { LogFormat } from './find.ts'
import { afterOverlong, type FindFrame, type Following, type Frame, findBlock, findLine, isRecord } from './frames.ts'
import type { ByteInput } from './input.ts'

/** This many bytes before a position stay available. */
export const TAIL_BYTES = 4096
const WINDOW_BYTES = 1024 * 1024
const LEAST_READ_BYTES = 64 * 1024
const LOOKAHEAD_BYTES = 128
const HEAD_BYTES_SHOWN = 200

/** Bytes that cannot be read as a record. */
export interface Damage {
  reason: string
  sha256: string
  /** How they begin. */
  head: string
}

/** A stretch of a source. Its bytes are valid until the next one is read. */
export type Piece =
  | { kind: 'record'; start: number; end: number; bytes: Buffer; json: Buffer }
  | { kind: 'ignored'; start: number; end: number }
  | { kind: 'corrupt'; start: number; end: number; damage: Damage }

export interface FrameReaderOptions {
  format: LogFormat
  /** Where the input starts in the source, and where the first line starts that will be read. */
  inputStart: number
  from: number
  /** True if nothing more can be written to the source. */
  isFinal: boolean
  /** Longer records are damage, so that memory stays bounded. */
  maxRecordBytes: number
}

/** A record that is too long to be kept in memory, as far as it has been skipped. */
interface Overlong {
  start: number
  isRecord: boolean
  head: string
  hash: Hash
}

const FIND: Record<LogFormat, FindFrame> = { jsonl: findLine, predecessor: findBlock }

export function damageOf(bytes: Buffer, reason: string): Damage {
  return { reason, sha256: createHash('sha256').update(bytes).digest('hex'), head: headOf(bytes) }
}

/**
 * Cuts a source into frames. An unfinished record at the end of a source that may still grow is not given. Call `next`
 * until it gives nothing, then `fill`, until that returns false.
 */
export class FrameReader {
  readonly #input: ByteInput
  readonly #options: FrameReaderOptions
  #window = Buffer.allocUnsafeSlow(WINDOW_BYTES)
  /** The part of the window that is filled. */
  #bytes: Buffer = this.#window.subarray(0, 0)
  /** Where the window starts in the source. */
  #start: number
  /** Where the next frame starts in the window. */
  #at: number
  #following: Following = 'more'
  #overlong: Overlong | undefined

  constructor(input: ByteInput, options: FrameReaderOptions) {
    this.#input = input
    this.#options = options
    this.#start = options.inputStart
    this.#at = options.from - options.inputStart
  }

  /** False at the end. @throws UnreadableSource */
  async fill(): Promise<boolean> {
    if (this.#following !== 'more') return false
    if (this.#window.length - this.#bytes.length < LEAST_READ_BYTES) this.#makeRoom()
    const length = this.#bytes.length
    const count = await this.#input.read(this.#window, length)
    if (count === 0) this.#following = this.#options.isFinal ? 'nothing' : 'growing'
    else this.#bytes = this.#window.subarray(0, length + count)
    return true
  }

  /** Undefined if the available bytes hold no further whole frame. */
  next(): Piece | undefined {
    if (this.#overlong) return this.#passOver(this.#overlong)
    const { maxRecordBytes, format } = this.#options
    const at = this.#at
    if (at >= this.#bytes.length) return undefined
    const frame = FIND[format](this.#bytes, at, this.#following)
    if (!frame && this.#bytes.length - at <= maxRecordBytes) return undefined
    if (frame && (frame.kind === 'ignored' || frame.end - at <= maxRecordBytes)) return this.#toPiece(frame)
    this.#overlong = {
      start: this.#start + at,
      isRecord: isRecord(format, this.#bytes, at),
      head: headOf(this.#bytes.subarray(at)),
      hash: createHash('sha256'),
    }
    return this.#passOver(this.#overlong)
  }

  /** The last bytes before an offset that was just reached; fewer at the start. */
  tail(end: number): Buffer {
    const to = end - this.#start
    return Buffer.from(this.#bytes.subarray(Math.max(0, to - TAIL_BYTES), to))
  }

  #toPiece(frame: Frame): Piece {
    const bytes = this.#bytes.subarray(this.#at, frame.end)
    const place = { start: this.#start + this.#at, end: this.#start + frame.end }
    this.#at = frame.end
    if (frame.kind === 'ignored') return { kind: 'ignored', ...place }
    if (frame.kind === 'corrupt') return { kind: 'corrupt', ...place, damage: damageOf(bytes, frame.reason) }
    return { kind: 'record', ...place, bytes, json: this.#bytes.subarray(frame.jsonStart, frame.jsonEnd) }
  }

  #passOver(overlong: Overlong): Piece | undefined {
    const bytes = this.#bytes
    const found = afterOverlong(this.#options.format, bytes, this.#at, overlong.isRecord)
    const unclear = this.#following === 'more' ? LOOKAHEAD_BYTES : 0
    const end = found ?? Math.max(this.#at, bytes.length - unclear)
    overlong.hash.update(bytes.subarray(this.#at, end))
    this.#at = end
    if (found === undefined && this.#following !== 'nothing') return undefined
    this.#overlong = undefined
    return this.#toOverlongPiece(overlong)
  }

  #toOverlongPiece({ start, isRecord: wasRecord, head, hash }: Overlong): Piece {
    const end = this.#start + this.#at
    if (!wasRecord) return { kind: 'ignored', start, end }
    const limit = `${Math.floor(this.#options.maxRecordBytes / BYTES_PER_MIB)} MiB`
    const reason = `record is longer than ${limit}, the limit that LOGDB_MEMORY_CAP_MB sets`
    return { kind: 'corrupt', start, end, damage: { reason, sha256: hash.digest('hex'), head } }
  }

  /** Moves what is still needed to the front; into a larger window if a long record fills this one. */
  #makeRoom(): void {
    const kept = this.#bytes.subarray(Math.max(0, this.#at - TAIL_BYTES))
    const mostBytes = this.#options.maxRecordBytes + TAIL_BYTES + 2 * LEAST_READ_BYTES
    const size = Math.max(WINDOW_BYTES, Math.min(kept.length * 2, mostBytes))
    const window = size === this.#window.length ? this.#window : Buffer.allocUnsafeSlow(size)
    const moved = this.#bytes.length - kept.length
    kept.copy(window)
    this.#window = window
    this.#bytes = window.subarray(0, kept.length)
    this.#start += moved
    this.#at -= moved
  }
}

function headOf(bytes: Buffer): string {
  return bytes.subarray(0, HEAD_BYTES_SHOWN).toString('utf8').replaceAll('\0', '\uFFFD')
}
