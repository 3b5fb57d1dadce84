import { logdbError } from '../../error-table.ts'
import type { Connection, SqliteEngine } from './engine.ts'

/** A step that brings a database from any lower number to this one. */
interface Migration {
  /** From 1; numbers may be left out. */
  number: number
  sql: string
  /** What depends on the tables that the database has. */
  after?(db: Connection): void
}

/** A kind of database of ours. `migrations` is append-only: a file stores the number of the last one that it has had. */
export interface Schema {
  applicationId: number
  /** `user_version` after migration 1. */
  firstVersion: number
  migrations: readonly Migration[]
  /** What all of them make of an empty database, in one step; if absent, they do it. */
  newest?: string
  /** Functions that migrations call, by name. */
  functions?: Readonly<Record<string, (...values: never[]) => string | number | Buffer | null>>
  /** Completes what migrations have begun, in their transaction. */
  complete?(db: Connection): void
}

/**
 * Brings a database to the newest version of its schema; an empty one gets all of it.
 * @throws UserError DATABASE_FOREIGN, DATABASE_NEWER
 */
function migrate(db: Connection, schema: Schema): void {
  if (isCurrent(db, schema)) return
  db.inTransaction(() => {
    const done = lastMigration(db, schema)
    if (done === 0 && schema.newest !== undefined) db.exec(schema.newest)
    else runMissing(db, schema, done)
    schema.complete?.(db)
    db.pragma(`application_id = ${schema.applicationId}`)
    db.pragma(`user_version = ${newestVersion(schema)}`)
  })
}

function runMissing(db: Connection, { migrations, functions = {} }: Schema, done: number): void {
  const missing = migrations.filter(({ number }) => number > done)
  for (const [name, run] of Object.entries(functions)) db.defineFunction(name, run)
  // A view that somebody else has made does not keep tables from being renamed.
  db.pragma('legacy_alter_table = ON')
  for (const { sql, after } of missing.toSorted((a, b) => a.number - b.number)) {
    db.exec(sql)
    after?.(db)
  }
  db.pragma('legacy_alter_table = OFF')
}

/** Opens a database for writing in the newest version of its schema. @throws UserError DATABASE_FOREIGN, DATABASE_NEWER */
export function openMigrated(engine: SqliteEngine, path: string, schema: Schema): Connection {
  const db = engine.openWritable(path)
  try {
    migrate(db, schema)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** True for a database of this schema that needs no migration. @throws UserError as migrate */
export function isCurrent(db: Connection, schema: Schema): boolean {
  return lastMigration(db, schema) === lastNumber(schema)
}

/** @throws UserError as migrate */
export function checkKind(db: Connection, schema: Schema): void {
  lastMigration(db, schema)
}

/** True for a database of this kind, whatever its version. */
export function isOfSchema(db: Connection, { applicationId }: Schema): boolean {
  return db.pragma('application_id') === applicationId
}

/** The number of the last migration that a database has had; 0 for an empty one. @throws UserError as migrate */
export function lastMigration(db: Connection, schema: Schema): number {
  if (!isOfSchema(db, schema)) {
    if (isEmpty(db)) return 0
    const hint = 'if the predecessor made it, run: logdb convert; otherwise name another folder with --out'
    throw logdbError('DATABASE_FOREIGN', `${db.path} was not made by this logdb and is not changed`, hint)
  }
  const version = Number(db.pragma('user_version'))
  if (version > newestVersion(schema)) {
    const hint = 'use the newer logdb, or another --out'
    throw logdbError('DATABASE_NEWER', `${db.path} was made by a newer logdb`, hint)
  }
  return version - schema.firstVersion + 1
}

function lastNumber({ migrations }: Schema): number {
  return Math.max(...migrations.map(({ number }) => number))
}

function newestVersion(schema: Schema): number {
  return schema.firstVersion + lastNumber(schema) - 1
}

/** True for a database without a table, for example one that a killed process has only begun to make. */
export function isEmpty(db: Connection): boolean {
  return db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined
}
