import type { TimeRange } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'
import { columnsOf, type ExportColumn, type ExportTable } from './columns.ts'
import { messageRows } from './message-rows.ts'

/** Values in the order of the columns. */
export type ExportRow = readonly unknown[]

/**
 * The rows of a table that belong to these times, in the order of time. Only one of them, and the ids of one conversation,
 * are in memory; `erased` does not depend on times.
 * @param db a partition, open in a snapshot
 */
export function exportRows(
  db: Connection,
  table: ExportTable,
  columns: readonly ExportColumn[],
  times: TimeRange,
): Iterable<ExportRow> {
  if (table === 'requests') return requestRows(db, columns, times)
  if (table === 'messages') return messageRows(db, times)
  return table === 'texts' ? textRows(db, times) : erasedRows(db)
}

/** True if the partition has a request of these times. */
export function hasRequests(db: Connection, { sinceS, toS }: TimeRange): boolean {
  const sql = 'SELECT 1 FROM z_req WHERE ts BETWEEN ? AND ? LIMIT 1'
  return db.prepare<[number, number]>(sql).get(sinceS, toS) !== undefined
}

/** A partition of an earlier version may not have all columns. */
function* requestRows(
  db: Connection,
  columns: readonly ExportColumn[],
  { sinceS, toS }: TimeRange,
): Generator<ExportRow> {
  const present = new Set(columnsOf(db, 'request_details').map(({ name }) => name))
  const selected = columns.map(({ name }) => (present.has(name) ? name : `NULL AS ${name}`)).join(', ')
  const find = db.prepareTuple<[string]>(`SELECT ${selected} FROM request_details WHERE request_id = ?`)
  // Sorting whole rows would take as much memory, or room on the disk, as they have bytes.
  const ids = 'SELECT request_id FROM z_req WHERE ts BETWEEN ? AND ? ORDER BY ts, ts_us, request_id'
  for (const id of db.prepareValue<[number, number], string>(ids).iterate(sinceS, toS)) yield* one(find.get(id))
}

function* textRows(db: Connection, { sinceS, toS }: TimeRange): Generator<ExportRow> {
  const find = db.prepareTuple<[number, number]>(
    'SELECT request_id, ?, role, content, endpoint, model_original, model_mapped FROM fts_src WHERE id = ?',
  )
  const ids = `
    SELECT r.ts, s.id FROM fts_src s JOIN z_req r ON r.request_id = s.request_id
    WHERE r.ts BETWEEN ? AND ? ORDER BY r.ts, r.ts_us, r.request_id, s.id`
  for (const [ts, id] of db.prepareTuple<[number, number], [number, number]>(ids).iterate(sinceS, toS)) {
    yield* one(find.get(ts, id))
  }
}

function erasedRows(db: Connection): Iterable<ExportRow> {
  return db.prepareTuple('SELECT request_id, forgotten_ts FROM z_forgotten ORDER BY request_id').iterate()
}

function one<Row>(row: Row | undefined): Row[] {
  return row === undefined ? [] : [row]
}
