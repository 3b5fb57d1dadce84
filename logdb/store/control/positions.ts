import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { changeControl } from './open-control.ts'

/** Lets the next ingest read every log from its start; rows that are stored already are recognised. @throws UserError */
export function dropPositions(engine: SqliteEngine, base: string): void {
  changeControl(engine, base, (db) => {
    db.pragma('secure_delete = ON')
    db.inTransaction(() => forgetPositions(db))
  })
}

const TABLES = ['finished_files', 'ingest_errors', 'source_gaps', 'retained_stretches', 'partitions', 'sources']

/** The same inside a transaction. */
export function forgetPositions(db: Connection): void {
  for (const table of TABLES) db.exec(`DELETE FROM ${table}`)
}
