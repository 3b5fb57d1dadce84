import { InvalidJson } from '../canon/invalid-json.ts'
import { BadRecord, type LogEntry, parseEntry, requestId } from '../record/entry.ts'
import { withoutBodies } from '../record/removed-body.ts'
import type { LogFormat } from '../sources/find.ts'
import type { Piece } from '../sources/read-frames.ts'
import type { ByteLedger, DayRange, Gap, Quarantined } from '../store/control.ts'
import type { PendingRow } from '../store/partition.ts'
import type { Retention } from '../store/retention.ts'

const MAX_BATCH_BYTES = 8 * 1024 * 1024
const MAX_BATCH_ROWS = 2000
/** A foreign file is long and gives no rows; its position is kept all the same. */
const MAX_IGNORED_BYTES = 64 * 1024 * 1024

export interface BatchOptions {
  format: LogFormat
  days: DayRange
  serverId: string
  retention: Retention
  partitionOf(day: string): string
}

/** Records of one source that are committed together, and what became of every other byte between them. */
export class Batch {
  readonly from: number
  to: number
  readonly rows = new Map<string, PendingRow[]>()
  readonly gaps: Gap[] = []
  readonly quarantined: Quarantined[] = []
  readonly ledger: ByteLedger = { ingested: 0, duplicate: 0, ignored: 0, filtered: 0, quarantined: 0 }
  filteredRecords = 0
  readonly #options: BatchOptions
  #rowCount = 0
  #recordBytes = 0

  constructor(from: number, options: BatchOptions) {
    this.from = from
    this.to = from
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.to === this.from
  }

  get isFull(): boolean {
    const isIdle = this.to - this.from >= MAX_IGNORED_BYTES
    return isIdle || this.#rowCount >= MAX_BATCH_ROWS || this.#recordBytes >= MAX_BATCH_BYTES
  }

  /** Takes the piece that follows the last one. */
  add(piece: Piece): void {
    this.to = piece.end
    if (piece.kind === 'ignored') this.ledger.ignored += piece.bytes.length
    else if (piece.kind === 'corrupt') this.#quarantine(piece, piece.reason)
    else this.#addRecord(piece)
  }

  #addRecord(piece: Piece): void {
    this.#recordBytes += piece.bytes.length
    try {
      const entry = parseEntry(piece.json)
      if (entry) this.#addEntry(entry, piece)
      else if (this.#options.format === 'predecessor') this.ledger.ignored += piece.bytes.length
      else this.#quarantine(piece, 'endpoint, request or response is missing')
    } catch (error) {
      if (!(error instanceof InvalidJson || error instanceof BadRecord)) throw error
      this.#quarantine(piece, error.message)
    }
  }

  #addEntry(entry: LogEntry, { start, end, bytes }: Piece): void {
    const { day } = entry.instant
    const { days, retention, serverId } = this.#options
    if (day < retention.metadata) {
      this.ledger.ignored += bytes.length
      return
    }
    const { since = '', to = '9999' } = days
    if (day < since || day > to) {
      this.#addToGap(start, end, day)
      return
    }
    const path = this.#options.partitionOf(day)
    const rows = this.rows.get(path) ?? []
    const kept = day < retention.bodies ? withoutBodies(entry) : entry
    rows.push({ requestId: requestId(serverId, entry), entry: kept, offset: start, length: bytes.length })
    this.rows.set(path, rows)
    this.#rowCount++
  }

  #addToGap(start: number, end: number, day: string): void {
    this.filteredRecords++
    this.ledger.filtered += end - start
    const last = this.gaps.at(-1)
    if (last?.end !== start) this.gaps.push({ start, end, firstDay: day, lastDay: day })
    else {
      last.end = end
      if (day < last.firstDay) last.firstDay = day
      if (day > last.lastDay) last.lastDay = day
    }
  }

  #quarantine({ start, bytes }: Piece, reason: string): void {
    this.ledger.quarantined += bytes.length
    this.quarantined.push({ offset: start, bytes: Buffer.from(bytes), reason })
  }
}
