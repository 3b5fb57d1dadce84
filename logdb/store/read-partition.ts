import { isCurrent, openMigrated } from './migrate.ts'
import { PARTITION_SCHEMA } from './partition-schema.ts'
import { type Connection, closeCheckpointed, explainingErrors, type SqliteEngine } from './sqlite.ts'

/**
 * Opens an existing partition for reading, for as long as `work` runs. One of an earlier version is brought up to date
 * first. @throws UserError DATABASE_FOREIGN, DATABASE_NEWER and others
 */
export function readPartition<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  return explainingErrors(path, () => {
    const db = openCurrent(engine, path)
    try {
      return db.transaction(() => work(db))()
    } finally {
      db.close()
    }
  })
}

function openCurrent(engine: SqliteEngine, path: string): Connection {
  const db = engine.openReadonly(path)
  try {
    if (isCurrent(db, PARTITION_SCHEMA)) return db
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  closeCheckpointed(openMigrated(engine, path, PARTITION_SCHEMA))
  return engine.openReadonly(path)
}
