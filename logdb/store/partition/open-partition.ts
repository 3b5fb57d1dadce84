import { withPartition } from '../rows/partition.ts'
import { isCurrent, isOfSchema } from '../sqlite/migrate.ts'
import { type Connection, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'
import { PARTITION_SCHEMA } from './partition-schema.ts'

/**
 * Opens an existing partition for reading, for as long as `work` runs. One of an earlier version is brought up to date
 * first; undefined for one that is not ours. @throws UserError DATABASE_NEWER and others
 */
export function readPartition<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T | undefined {
  return explainingErrors(path, () => {
    const version = versionOf(engine, path)
    if (version === 'foreign') return undefined
    if (version === 'earlier') withPartition(engine, path, () => {})
    return withReadonly(engine, path, (db) => db.transaction(() => work(db))())
  })
}

/** True for a database that this logdb made. */
export function isPartition(engine: SqliteEngine, path: string): boolean {
  return explainingErrors(path, () => versionOf(engine, path) !== 'foreign')
}

function versionOf(engine: SqliteEngine, path: string): 'current' | 'earlier' | 'foreign' {
  return withReadonly(engine, path, (db) => {
    if (!isOfSchema(db, PARTITION_SCHEMA)) return 'foreign'
    return isCurrent(db, PARTITION_SCHEMA) ? 'current' : 'earlier'
  })
}

function withReadonly<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  const db = engine.openReadonly(path)
  try {
    return work(db)
  } finally {
    db.close()
  }
}
