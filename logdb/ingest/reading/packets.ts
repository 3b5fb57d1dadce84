import { InvalidJson } from '../../canon/invalid-json.ts'
import { type DayRange, LAST_DAY } from '../../days.ts'
import { BadRecord, type LogEntry } from '../../record/entry.ts'
import type { LogFormat } from '../../sources/find.ts'
import { type Damage, damageOf, type Piece } from '../../sources/frame-reader.ts'
import { CUT_OFF, recordWithin } from '../../sources/frames.ts'
import type { Retention } from '../../store/control/retention.ts'
import type { ByteLedger, Quarantined } from '../../store/control/sources.ts'
import { addStretch, type Gap } from '../../store/control/stretches.ts'
import type { RowGroup } from '../../store/rows/row-group.ts'
import type { Rows } from './rows.ts'

const MAX_PACKET_BYTES = 1024 * 1024
const MAX_PACKET_ROWS = 500
/** Known conversations and foreign text give few rows or none, but the position must move. */
const MAX_SOURCE_BYTES = 16 * 1024 * 1024

/** A stretch of a source that was read: rows, and what became of every other byte. */
export interface Packet {
  from: number
  to: number
  /** Bytes of the file that it took, which may be compressed. */
  inputBytes: number
  /** The last bytes before `to`. */
  tail: Buffer
  groups: RowGroup[]
  /** Sessions that have ended. */
  endedSessions: number[]
  /** Without the rows: the partitions decide which are new. */
  ledger: ByteLedger
  filteredRecords: number
  gaps: Gap[]
  retainedRecords: number
  /** Records that are too old to be kept. */
  retained: Gap[]
  quarantined: Quarantined[]
  /** What the rows point to. */
  bytes: Buffer
}

export interface PackerOptions {
  format: LogFormat
  days: DayRange
  retention: Retention
}

type RecordPiece = Extract<Piece, { kind: 'record' }>

/** Collects what is read of one stretch of a source. */
export class Packer {
  readonly #rows: Rows
  readonly #options: PackerOptions
  #from: number
  #to: number
  #ledger = emptyLedger()
  #filteredRecords = 0
  #gaps: Gap[] = []
  #retainedRecords = 0
  #retained: Gap[] = []
  #quarantined: Quarantined[] = []

  constructor(rows: Rows, from: number, options: PackerOptions) {
    this.#rows = rows
    this.#options = options
    this.#from = from
    this.#to = from
  }

  get isEmpty(): boolean {
    return this.#to === this.#from
  }

  get isFull(): boolean {
    const { sizeBytes, rowCount } = this.#rows
    return rowCount >= MAX_PACKET_ROWS || sizeBytes >= MAX_PACKET_BYTES || this.#to - this.#from >= MAX_SOURCE_BYTES
  }

  /** Takes the piece that follows the last one. */
  add(piece: Piece): void {
    this.#to = piece.end
    if (piece.kind === 'ignored') this.#ledger.ignored += piece.end - piece.start
    else if (piece.kind === 'corrupt') this.#quarantine(piece, piece.damage)
    else this.#addRecord(piece)
  }

  /** What has been added since the last time. */
  take(read: Pick<Packet, 'tail' | 'inputBytes'>): Packet {
    const packet = {
      from: this.#from,
      to: this.#to,
      ...read,
      ...this.#rows.take(),
      ledger: this.#ledger,
      filteredRecords: this.#filteredRecords,
      gaps: this.#gaps,
      retainedRecords: this.#retainedRecords,
      retained: this.#retained,
      quarantined: this.#quarantined,
    }
    this.#from = this.#to
    this.#ledger = emptyLedger()
    this.#filteredRecords = 0
    this.#gaps = []
    this.#retainedRecords = 0
    this.#retained = []
    this.#quarantined = []
    return packet
  }

  #addRecord(piece: RecordPiece): void {
    try {
      const entry = this.#rows.read(piece.json)
      if (entry) this.#addEntry(entry, piece)
      else if (this.#options.format === 'predecessor') this.#ledger.ignored += piece.end - piece.start
      else this.#quarantine(piece, damageOf(piece.bytes, 'endpoint, request or response is missing'))
    } catch (error) {
      if (!(error instanceof InvalidJson || error instanceof BadRecord)) throw error
      this.#addDamaged(piece, error.message)
    }
  }

  #addDamaged(piece: RecordPiece, reason: string): void {
    const { start, end, bytes, json } = piece
    const next = this.#options.format === 'predecessor' ? recordWithin(bytes) : undefined
    if (!next || start + next.start >= end) {
      this.#quarantine(piece, damageOf(bytes, reason))
      return
    }
    const border = start + next.start
    this.#quarantine({ ...piece, end: border }, damageOf(bytes.subarray(0, next.start), CUT_OFF))
    const jsonEnd = json.byteOffset + json.length - bytes.byteOffset
    this.#addRecord({
      ...piece,
      start: border,
      bytes: bytes.subarray(next.start),
      json: bytes.subarray(next.jsonStart, jsonEnd),
    })
  }

  #addEntry(entry: LogEntry, { start, end }: RecordPiece): void {
    const { day } = entry.instant
    const { days, retention } = this.#options
    const { since = '', to = LAST_DAY } = days
    if (day < retention.metadata) this.#retain(start, end, day)
    else if (day < since || day > to) this.#filter(start, end, day)
    else this.#rows.add(entry, { offset: start, length: end - start }, day >= retention.bodies)
  }

  #filter(start: number, end: number, day: string): void {
    this.#filteredRecords++
    this.#ledger.filtered += end - start
    addStretch(this.#gaps, { start, end, firstDay: day, lastDay: day })
  }

  #retain(start: number, end: number, day: string): void {
    this.#retainedRecords++
    this.#ledger.ignored += end - start
    addStretch(this.#retained, { start, end, firstDay: day, lastDay: day })
  }

  #quarantine({ start, end }: Piece, damage: Damage): void {
    this.#ledger.quarantined += end - start
    this.#quarantined.push({ offset: start, length: end - start, ...damage })
  }
}

function emptyLedger(): ByteLedger {
  return { ingested: 0, duplicate: 0, ignored: 0, filtered: 0, quarantined: 0 }
}
