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
  /** Bytes, booked as ignored, of records that are older than `retain` keeps. */
  retainedBytes: number
}

interface LedgerRow extends ByteLedger, Omit<SourceLedger, 'booked'> {}

/** By path. To be used on control.sqlite3. */
export function readLedgers(db: Connection): SourceLedger[] {
  const retained = hasStretches(db) ? RETAINED : '0'
  return db
    .prepare<[], LedgerRow>(`SELECT ${LEDGER_COLUMNS}, ${retained} AS retainedBytes FROM sources ORDER BY path, id`)
    .all()
    .map(({ ingested, duplicate, ignored, filtered, quarantined, ...source }) => {
      return { ...source, booked: { ingested, duplicate, ignored, filtered, quarantined } }
    })
}

/** False for a control.sqlite3 of an earlier version. */
function hasStretches(db: Connection): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'retained_stretches'").get() !== undefined
}

const LEDGER_COLUMNS = `
  id, source_key AS key, path, offset, pending_bytes AS pending, ingested_bytes AS ingested,
    duplicate_bytes AS duplicate, ignored_bytes AS ignored, filtered_bytes AS filtered, quarantined_bytes AS quarantined,
    (SELECT COALESCE(sum(end_off - start_off), 0) FROM source_gaps WHERE source_id = sources.id) AS gapBytes,
    (SELECT COALESCE(sum(length), 0) FROM ingest_errors WHERE source_id = sources.id) AS errorBytes`
const RETAINED = '(SELECT COALESCE(sum(end_off - start_off), 0) FROM retained_stretches WHERE source_id = sources.id)'

/** Stretches of sources that no row is booked for, though they can still be read. To be used on control.sqlite3. */
export function readGaps(db: Connection): { source: number; start: number; end: number }[] {
  const tables = hasStretches(db) ? ['source_gaps', 'retained_stretches'] : ['source_gaps']
  const selects = tables.map((table) => `SELECT source_id AS source, start_off AS start, end_off AS end FROM ${table}`)
  return db.prepare<[], { source: number; start: number; end: number }>(selects.join(' UNION ALL ')).all()
}
