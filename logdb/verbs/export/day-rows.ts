import { firstSecondOf, lastSecondOf } from '../../days.ts'
import type { ExportColumn, ExportTable } from '../../store/export/columns.ts'
import { type ExportRow, exportRows, hasRequests } from '../../store/export/export-rows.ts'
import { hasForgotten } from '../../store/partition/requests.ts'
import type { Connection } from '../../store/sqlite/engine.ts'

/** True if the partitions have something for the table's file of a day. */
export function hasRowsOf(connections: readonly Connection[], table: ExportTable, day: string): boolean {
  return connections.some((db) => (table === 'erased' ? hasForgotten(db) : hasRequests(db, secondsOf(day))))
}

/** The rows of a table for its file of a day. */
export function* rowsOf(
  connections: readonly Connection[],
  table: ExportTable,
  columns: readonly ExportColumn[],
  day: string,
): Generator<ExportRow> {
  for (const db of connections) yield* exportRows(db, table, columns, secondsOf(day))
}

function secondsOf(day: string) {
  return { sinceS: firstSecondOf(day), toS: lastSecondOf(day) }
}
