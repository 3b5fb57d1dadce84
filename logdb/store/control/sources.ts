import { hash } from 'node:crypto'
import { type DayRange, LAST_DAY, nowWholeS } from '../../days.ts'
import { logdbError } from '../../error-table.ts'
import type { Connection } from '../sqlite/engine.ts'
import { beginIfNeeded } from './open-control.ts'
import { type Gap, RetainedStretches } from './stretches.ts'

/** How many of the first bytes of a source identify it. */
export const HEAD_BYTES = 1024
/** No record is shorter, and its time stamp is in them. */
const KEY_BYTES = 128
const KEY_DIGITS = 32

/** Bytes of a source by what became of them. */
export interface ByteLedger {
  ingested: number
  duplicate: number
  ignored: number
  filtered: number
  quarantined: number
}

export interface Source {
  id: number
  /** Names the source in every partition. */
  key: string
  path: string
  offset: number
  headBytes: number
  tailBytes: number
  tailSha256: Buffer
  /** Bytes that waited for the end of their record when it was last read. */
  pending: number
  mtimeS: number
}

/** A stretch that could not be read as a record. */
export interface Quarantined {
  offset: number
  length: number
  sha256: string
  reason: string
  /** How it begins. */
  head: string
}

/** What a stretch of a source came to. */
export interface Booking {
  /** Where it started; the stored position must still be there. */
  from: number
  to: number
  ledger: ByteLedger
  gaps: Gap[]
  /** Records that are too old to be kept; they are booked as ignored. */
  retained: Gap[]
  quarantined: Quarantined[]
}

/** What a log file says about its source now. */
export interface SourceState {
  path: string
  head: Buffer
  /** Bytes at its end whose record is not complete yet. */
  pending: number
  mtimeS: number
}

/** SHA-256. */
export function digestOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer')
}

/** Columns of a `Source`. */
export const SOURCE_COLUMNS = `id, source_key AS key, path, offset, head_bytes AS headBytes, tail_bytes AS tailBytes,
  tail_sha256 AS tailSha256, pending_bytes AS pending, mtime AS mtimeS`

/** How far each log has been read. Writes go into the transaction that the next commit ends. */
export class Sources {
  readonly #db: Connection
  readonly #sql
  readonly #retained

  constructor(db: Connection) {
    this.#db = db
    this.#sql = { ...prepareReads(db), ...prepareWrites(db) }
    this.#retained = new RetainedStretches(db)
  }

  /** Sources that begin with these bytes, the one read furthest first. */
  candidates(head: Buffer): Source[] {
    const sizes = this.#sql.headSizes.all(head.length)
    const rows = sizes.flatMap((size) => this.#sql.byHead.all(size, digestOf(head.subarray(0, size))))
    return rows.sort((a, b) => b.offset - a.offset)
  }

  /** How far the file that was last seen at this path has been read, in decompressed bytes; 0 for an unknown one. */
  readTo(path: string): number {
    return this.#sql.readTo.get(path) ?? 0
  }

  add(path: string, head: Buffer): Source {
    const key = this.#freeKey(digestOf(head.subarray(0, KEY_BYTES)).toString('hex').slice(0, KEY_DIGITS))
    const none = digestOf(Buffer.alloc(0))
    const now = nowWholeS()
    const headBytes = head.length
    beginIfNeeded(this.#db)
    const { lastInsertRowid } = this.#sql.insert.run(key, path, headBytes, digestOf(head), none, now, now)
    const id = Number(lastInsertRowid)
    return { id, key, path, offset: 0, headBytes, tailBytes: 0, tailSha256: none, pending: 0, mtimeS: 0 }
  }

  /** A killed run may have left rows under the key without recording the source: it must get the same key again. */
  #freeKey(key: string): string {
    let free = key
    for (let number = 2; this.#sql.findKey.get(free); number++) free = `${key}-${number}`
    return free
  }

  /** Gaps that hold records of these days. */
  gaps(sourceId: number, days: DayRange): Gap[] {
    return this.#sql.gaps.all(sourceId, days.to ?? LAST_DAY, days.since ?? '')
  }

  /**
   * Moves the position of a source over a stretch.
   * @param tail the last bytes before the new position
   * @throws UserError INGEST_RUNNING
   */
  advance(sourceId: number, booking: Booking, tail: Buffer): void {
    beginIfNeeded(this.#db)
    const { to, from } = booking
    const moved = this.#sql.advance.run(to, tail.length, digestOf(tail), nowWholeS(), sourceId, from)
    if (moved.changes !== 1) throw movedMeanwhile(this.#db.path)
    this.#record(sourceId, booking)
  }

  /** The same for a stretch at the start of a gap; the rest of the gap remains one. @throws UserError INGEST_RUNNING */
  shrinkGap(sourceId: number, gap: Gap, booking: Booking): void {
    beginIfNeeded(this.#db)
    const removed = this.#sql.deleteGap.run(sourceId, gap.start, gap.end)
    if (removed.changes !== 1) throw movedMeanwhile(this.#db.path)
    const rest = booking.to < gap.end ? [{ ...gap, start: booking.to }] : []
    const filtered = booking.ledger.filtered - (booking.to - booking.from)
    const ledger = { ...booking.ledger, filtered }
    this.#record(sourceId, { ...booking, ledger, gaps: [...booking.gaps, ...rest] })
  }

  describe(source: Source, { path, head, pending, mtimeS }: SourceState): void {
    const isSame = source.path === path && source.headBytes === head.length && source.mtimeS === mtimeS
    if (isSame && source.pending === pending) return
    beginIfNeeded(this.#db)
    this.#sql.describe.run(path, head.length, digestOf(head), pending, mtimeS, nowWholeS(), source.id)
  }

  #record(sourceId: number, { ledger, gaps, retained, quarantined }: Booking): void {
    const { ingested, duplicate, ignored, filtered } = ledger
    this.#sql.addToLedger.run(ingested, duplicate, ignored, filtered, ledger.quarantined, sourceId)
    for (const { start, end, firstDay, lastDay } of gaps) {
      this.#sql.insertGap.run(sourceId, start, end, firstDay, lastDay)
    }
    for (const stretch of retained) this.#retained.add(sourceId, stretch)
    for (const { offset, length, sha256, reason, head } of quarantined) {
      this.#sql.insertError.run(sourceId, offset, length, sha256, reason, head, nowWholeS())
    }
  }
}

function movedMeanwhile(path: string) {
  const hint = 'run the command again when it is done; nothing is lost'
  return logdbError('INGEST_RUNNING', `another logdb ingest is working on ${path}`, hint)
}

function prepareReads(db: Connection) {
  return {
    headSizes: db.prepareValue<[number], number>('SELECT DISTINCT head_bytes FROM sources WHERE head_bytes <= ?'),
    byHead: db.prepare<[number, Buffer], Source>(
      `SELECT ${SOURCE_COLUMNS} FROM sources WHERE head_bytes = ? AND head_sha256 = ?`,
    ),
    readTo: db.prepareValue<[string], number>('SELECT offset FROM sources WHERE path = ? ORDER BY id DESC'),
    findKey: db.prepare<[string]>('SELECT 1 FROM sources WHERE source_key = ?'),
    gaps: db.prepare<[number, string, string], Gap>(`
      SELECT start_off AS start, end_off AS end, first_day AS firstDay, last_day AS lastDay FROM source_gaps
      WHERE source_id = ? AND first_day <= ? AND last_day >= ? ORDER BY start_off`),
  }
}

function prepareWrites(db: Connection) {
  return {
    insert: db.prepare<[string, string, number, Buffer, Buffer, number, number]>(`
      INSERT INTO sources (source_key, path, head_bytes, head_sha256, tail_sha256, mtime, first_seen_ts, last_scan_ts)
      VALUES (?, ?, ?, ?, ?, 0, ?, ?)`),
    advance: db.prepare<[number, number, Buffer, number, number, number]>(`
      UPDATE sources SET offset = ?, tail_bytes = ?, tail_sha256 = ?, last_scan_ts = ? WHERE id = ? AND offset = ?`),
    addToLedger: db.prepare<[number, number, number, number, number, number]>(`
      UPDATE sources SET ingested_bytes = ingested_bytes + ?, duplicate_bytes = duplicate_bytes + ?,
        ignored_bytes = ignored_bytes + ?, filtered_bytes = filtered_bytes + ?,
        quarantined_bytes = quarantined_bytes + ? WHERE id = ?`),
    insertGap: db.prepare<[number, number, number, string, string]>(
      'INSERT INTO source_gaps (source_id, start_off, end_off, first_day, last_day) VALUES (?, ?, ?, ?, ?)',
    ),
    deleteGap: db.prepare<[number, number, number]>(
      'DELETE FROM source_gaps WHERE source_id = ? AND start_off = ? AND end_off = ?',
    ),
    insertError: db.prepare<[number, number, number, string, string, string, number]>(`
      INSERT INTO ingest_errors (source_id, offset, length, sha256, reason, head, seen_ts) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (source_id, offset) DO UPDATE SET
        length = excluded.length, sha256 = excluded.sha256, reason = excluded.reason, head = excluded.head`),
    describe: db.prepare<[string, number, Buffer, number, number, number, number]>(`
      UPDATE sources SET path = ?, head_bytes = ?, head_sha256 = ?, pending_bytes = ?, mtime = ?, last_scan_ts = ?
      WHERE id = ?`),
  }
}
