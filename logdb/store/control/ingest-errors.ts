import { LAST_DAY } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'

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

/** How many of them are kept with their first bytes. To be used on control.sqlite3. */
export function countErrorsWithHead(db: Connection): number {
  return Number(db.prepareValue("SELECT count(*) FROM ingest_errors WHERE head <> ''").get())
}

/**
 * Gives unreadable records back to the next ingest: they become gaps of no particular day. Returns how many. To be used
 * on control.sqlite3, in a transaction.
 * @param ids which ones; all if undefined
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
