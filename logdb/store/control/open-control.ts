import { existsSync } from 'node:fs'
import { checkKind, isEmpty, isOfSchema } from '../sqlite/migrate.ts'
import { type Connection, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'
import { controlPath } from './control.ts'
import { CONTROL_SCHEMA } from './control-schema.ts'

/**
 * Reads control.sqlite3 of a log database, in one snapshot; undefined if there is none, or one that whoever was making it
 * left empty. @throws UserError DATABASE_FOREIGN and others
 */
export function readControl<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T | undefined {
  return readAny(engine, base, (db) => {
    checkKind(db, CONTROL_SCHEMA)
    return work(db)
  })
}

function readAny<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T | undefined {
  const path = controlPath(base)
  if (!existsSync(path)) return undefined
  return explainingErrors(path, () => {
    const db = engine.openReadonly(path)
    try {
      return db.transaction(() => (isEmpty(db) ? undefined : work(db)))()
    } finally {
      db.close()
    }
  })
}

/** False for the predecessor's, and where there is none. */
export const isOwnControl = (engine: SqliteEngine, base: string): boolean =>
  readAny(engine, base, (db) => isOfSchema(db, CONTROL_SCHEMA)) ?? false
