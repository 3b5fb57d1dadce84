import { existsSync } from 'node:fs'
import { controlPath } from './control.ts'
import { type Connection, explainingErrors, type SqliteEngine } from './sqlite.ts'

/** Reads control.sqlite3 of a log database, in one snapshot; undefined if there is none. @throws UserError */
export function readControl<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T | undefined {
  const path = controlPath(base)
  if (!existsSync(path)) return undefined
  return explainingErrors(path, () => {
    const db = engine.openReadonly(path)
    try {
      return db.transaction(() => work(db))()
    } finally {
      db.close()
    }
  })
}
