import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { isCurrent, isOfSchema, openMigrated } from '../sqlite/migrate.ts'
import { PARTITION_SCHEMA } from './partition-schema.ts'
import { isSealed, unseal } from './seal.ts'

/**
 * Opens an existing partition for reading; until it is closed it shows a single state. One of an earlier version is
 * brought up to date first.
 * @returns undefined for a database that is not a partition of this logdb
 * @throws UserError DATABASE_NEWER and others
 */
export function openPartition(engine: SqliteEngine, path: string): Connection | undefined {
  const db = engine.openReadonly(path)
  try {
    if (isOfSchema(db, PARTITION_SCHEMA)) {
      if (isCurrent(db, PARTITION_SCHEMA)) return inSnapshot(db)
      db.close()
      changePartition(engine, path, () => {})
      return inSnapshot(engine.openReadonly(path))
    }
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return undefined
}

function inSnapshot(db: Connection): Connection {
  db.exec('BEGIN')
  return db
}

/** True for a database that this logdb made. @throws UserError */
export function isPartition(engine: SqliteEngine, path: string): boolean {
  using db = engine.openReadonly(path)
  return isOfSchema(db, PARTITION_SCHEMA)
}

/** Opens a partition for writing, even a sealed one, and creates the file and its folder if they are missing. @throws UserError */
export function openWritablePartition(engine: SqliteEngine, path: string): Connection {
  mkdirSync(dirname(path), { recursive: true })
  if (existsSync(path) && isSealed(engine, path)) unseal(engine, path)
  return openMigrated(engine, path, PARTITION_SCHEMA)
}

/** Opens a partition for writing for as long as `work` runs. @throws UserError */
export function changePartition<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  const db = openWritablePartition(engine, path)
  try {
    return work(db)
  } finally {
    closeCheckpointed(db)
  }
}
