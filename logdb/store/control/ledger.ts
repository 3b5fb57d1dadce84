import { LAST_DAY } from '../folder/partition-files.ts'
import type { Connection } from '../sqlite/open.ts'
import type { ByteLedger } from './control.ts'

/** What is booked of a source, in bytes, decompressed. */
export interface SourceLedger {
  id: number
  /** Names the source in every partition. */
  key: string
  path: string
  /** How far it has been read. */
  offset: number
  booked: ByteLedger
  /** Bytes at its end whose record was not complete when it was last read. */
  pending: number
  /** What the list of gaps and that of errors add up to. */
  gapBytes: number
  errorBytes: number
}

interface LedgerRow extends ByteLedger, Omit<SourceLedger, 'booked'> {}

/** By path. To be used on control.sqlite3. */
export function readLedgers(db: Connection): SourceLedger[] {
  return db
    .prepare<[], LedgerRow>(LEDGERS)
    .all()
    .map(({ ingested, duplicate, ignored, filtered, quarantined, ...source }) => {
      return { ...source, booked: { ingested, duplicate, ignored, filtered, quarantined } }
    })
}

const LEDGERS = `
  SELECT id, source_key AS key, path, offset, pending_bytes AS pending, ingested_bytes AS ingested,
    duplicate_bytes AS duplicate, ignored_bytes AS ignored, filtered_bytes AS filtered, quarantined_bytes AS quarantined,
    (SELECT COALESCE(sum(end_off - start_off), 0) FROM source_gaps WHERE source_id = sources.id) AS gapBytes,
    (SELECT COALESCE(sum(length), 0) FROM ingest_errors WHERE source_id = sources.id) AS errorBytes
  FROM sources ORDER BY path, id`

/** A record that could not be read. */
export interface IngestError {
  id: number
  path: string
  /** Its place in the source, in decompressed bytes. */
  offset: number
  length: number
  sha256: string
  reason: string
  /** How it begins. */
  head: string
  /** When it was found, in seconds since 1970. */
  seenTs: number
}

/** By source and place. To be used on control.sqlite3. */
export function readErrors(db: Connection): IngestError[] {
  return db.prepare<[], IngestError>(`${ERRORS} ORDER BY path, source_id, e.offset`).all()
}

const ERRORS = `
  SELECT e.id, path, e.offset, length, sha256, reason, head, seen_ts AS seenTs
  FROM ingest_errors e JOIN sources s ON s.id = e.source_id`

/** How many of them are kept with how they begin. To be used on control.sqlite3. */
export function countErrorsWithHead(db: Connection): number {
  return Number(db.prepare("SELECT count(*) FROM ingest_errors WHERE head <> ''").pluck().get())
}

/**
 * Gives records that could not be read back to the next ingest: they become gaps of no particular day. `ids`: which ones;
 * all if absent. Returns how many. To be used on control.sqlite3, in a transaction.
 */
export function releaseErrors(db: Connection, ids: readonly number[] | undefined): number {
  const condition = ids === undefined ? '' : 'WHERE id IN (SELECT value FROM json_each(@ids))'
  const parameters = ids === undefined ? {} : { ids: JSON.stringify(ids) }
  const released = db
    .prepare<[object], { source: number; start: number; length: number }>(
      `DELETE FROM ingest_errors ${condition} RETURNING source_id AS source, offset AS start, length`,
    )
    .all(parameters)
  const insertGap = db.prepare<[number, number, number]>(
    `INSERT INTO source_gaps (source_id, start_off, end_off, first_day, last_day) VALUES (?, ?, ?, '', '${LAST_DAY}')`,
  )
  const rebook = db.prepare<[number, number, number]>(
    'UPDATE sources SET quarantined_bytes = quarantined_bytes - ?, filtered_bytes = filtered_bytes + ? WHERE id = ?',
  )
  for (const { source, start, length } of released) {
    insertGap.run(source, start, start + length)
    rebook.run(length, length, source)
  }
  return released.length
}

/** Stretches of sources that were left out and can still be read. To be used on control.sqlite3. */
export function readGaps(db: Connection): { source: number; start: number; end: number }[] {
  return db
    .prepare<[], { source: number; start: number; end: number }>(
      'SELECT source_id AS source, start_off AS start, end_off AS end FROM source_gaps ORDER BY source_id, start_off',
    )
    .all()
}

/** Where the records stand that a partition has rows of, by the key of their source. To be used on a partition. */
export function* recordPlaces(db: Connection): Generator<{ key: string; offset: number; length: number }> {
  yield* db.prepare<[], { key: string; offset: number; length: number }>(PLACES).iterate()
}

const PLACES = `
  SELECT source_key AS key, src_off AS offset, src_len AS length
  FROM req JOIN ingest_marks ON ingest_marks.source_id = req.src WHERE src_len IS NOT NULL`

/** True if requests were removed from a partition: then rows may be missing. */
export function hasForgotten(db: Connection): boolean {
  return db.prepare('SELECT 1 FROM forgotten LIMIT 1').get() !== undefined
}

/** True if old requests are removed. To be used on control.sqlite3, also of an earlier version. */
export function hasRetention(db: Connection): boolean {
  const hasTable = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'retention'").get() !== undefined
  return hasTable && db.prepare("SELECT 1 FROM retention WHERE kind = 'metadata'").get() !== undefined
}
