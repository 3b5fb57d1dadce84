import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { checkKind, isEmpty, isOfSchema, openMigrated } from '../sqlite/migrate.ts'
import { CONTROL_SCHEMA } from './control-schema.ts'

/** @param base folder of the log database, here and below */
export function controlPath(base: string): string {
  return join(base, 'control.sqlite3')
}

/**
 * Opens control.sqlite3 for reading; until it is closed it shows a single state.
 * @returns undefined if there is none, or an empty one that was never finished
 * @throws UserError DATABASE_FOREIGN and others
 */
export function openControl(engine: SqliteEngine, base: string): Connection | undefined {
  const db = openAny(engine, base)
  try {
    if (db) checkKind(db, CONTROL_SCHEMA)
    return db
  } catch (error) {
    db?.close()
    throw error
  }
}

/** The same for one that the predecessor may have made. */
function openAny(engine: SqliteEngine, base: string): Connection | undefined {
  const path = controlPath(base)
  if (!existsSync(path)) return undefined
  const db = engine.openReadonly(path)
  try {
    db.exec('BEGIN')
    if (!isEmpty(db)) return db
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return undefined
}

/** False for the predecessor's, and if there is none. @throws UserError */
export function isOwnControl(engine: SqliteEngine, base: string): boolean {
  using db = openAny(engine, base)
  return db !== undefined && isOfSchema(db, CONTROL_SCHEMA)
}

/** Opens control.sqlite3 for writing and creates it if it does not exist. @throws UserError */
export function openWritableControl(engine: SqliteEngine, base: string): Connection {
  mkdirSync(base, { recursive: true })
  return openMigrated(engine, controlPath(base), CONTROL_SCHEMA)
}

/** Opens control.sqlite3 for writing for as long as `work` runs. @throws UserError */
export function changeControl<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T {
  const db = openWritableControl(engine, base)
  try {
    return work(db)
  } finally {
    closeCheckpointed(db)
  }
}

/** Begins the transaction that the next commit ends, unless it has begun. */
export function beginIfNeeded(db: Connection): void {
  if (!db.isInTransaction) db.exec('BEGIN IMMEDIATE')
}
