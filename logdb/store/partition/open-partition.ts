import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { closeCheckpointed } from '../sqlite/compact.ts'
import { damagedPartition } from '../sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { isCurrent, isEmpty, isOfSchema, openMigrated } from '../sqlite/migrate.ts'
import { restoreIndexes } from './indexes/restore-indexes.ts'
import { supplyMissing } from './schema/older-versions.ts'
import { PARTITION_SCHEMA } from './schema/partition-schema.ts'
import { isSealed, unseal } from './seal.ts'

const EMPTY = 'the file is empty'

/**
 * Opens an existing partition of any version for reading; until it is closed it shows a single state. The file is not
 * changed.
 * @returns undefined for a database that is not a partition of this logdb
 * @throws UserError DATABASE_NEWER, DATABASE_DAMAGED (also for an empty file) and others
 */
export function openPartition(engine: SqliteEngine, path: string): Connection | undefined {
  const db = engine.openReadonly(path)
  try {
    if (isPartitionOpen(db)) {
      supplyMissing(db)
      db.exec('BEGIN')
      return db
    }
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return undefined
}

/** True for a database that this logdb made. @throws UserError DATABASE_DAMAGED also for an empty file, and others */
export function isPartition(engine: SqliteEngine, path: string): boolean {
  using db = engine.openReadonly(path)
  return isPartitionOpen(db)
}

/** The same for an open database. @throws UserError DATABASE_DAMAGED for an empty file, and others */
export function isPartitionOpen(db: Connection): boolean {
  if (isOfSchema(db, PARTITION_SCHEMA)) return true
  if (isEmpty(db)) throw damagedPartition(db.path, EMPTY)
  return false
}

/** True for a database without a table, as a run that found no space leaves it. @throws UserError for one that cannot be read */
export function isEmptyPartition(engine: SqliteEngine, path: string): boolean {
  using db = engine.openReadonly(path)
  return isEmpty(db)
}

/** True for one that needs no migration; its file is not changed. @throws UserError DATABASE_NEWER and others */
export function isCurrentPartition(engine: SqliteEngine, path: string): boolean {
  using db = engine.openReadonly(path)
  return isCurrent(db, PARTITION_SCHEMA)
}

/** Opens a partition for writing, even a sealed one, and creates the file and its folder if they are missing. @throws UserError */
export function openWritablePartition(engine: SqliteEngine, path: string): Connection {
  mkdirSync(dirname(path), { recursive: true })
  if (existsSync(path) && isSealed(engine, path)) unseal(engine, path)
  if (existsSync(path)) completeIndexes(engine, path)
  return openMigrated(engine, path, PARTITION_SCHEMA)
}

/** For one that came out of a bundle. @throws UserError DATABASE_DAMAGED and others */
function completeIndexes(engine: SqliteEngine, path: string): void {
  const reason = restoreIndexes(engine, path)
  if (reason !== undefined) throw damagedPartition(path, reason)
}

/** Creates a partition, or brings an existing one up to date. @throws UserError */
export function createPartition<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  return withOpen(openWritablePartition(engine, path), work)
}

/** Opens an existing partition for writing for as long as `work` runs. @throws UserError DATABASE_DAMAGED also for an empty file, and others */
export function changePartition<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  isPartition(engine, path)
  return withOpen(openWritablePartition(engine, path), work)
}

function withOpen<T>(db: Connection, work: (db: Connection) => T): T {
  try {
    return work(db)
  } finally {
    closeCheckpointed(db)
  }
}
