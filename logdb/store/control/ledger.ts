import type { Connection } from '../sqlite/engine.ts'
import type { ByteLedger } from './sources.ts'

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

/** Stretches of sources that were left out and can still be read. To be used on control.sqlite3. */
export function readGaps(db: Connection): { source: number; start: number; end: number }[] {
  return db
    .prepare<[], { source: number; start: number; end: number }>(
      'SELECT source_id AS source, start_off AS start, end_off AS end FROM source_gaps ORDER BY source_id, start_off',
    )
    .all()
}
