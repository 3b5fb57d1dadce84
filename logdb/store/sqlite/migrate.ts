import { UserError } from '../../../kit/user-error.ts'
import { chainHash } from '../partition/chain-hash.ts'
import { type Connection, EXIT_REFUSED, inTransaction, type SqliteEngine } from './open.ts'

/** A step that brings a database from any lower number to this one. */
interface Migration {
  /** From 1; numbers may be left out. */
  number: number
  sql: string
}

/** A kind of database of ours. `migrations` is append-only: a file says up to which number it has had them. */
export interface Schema {
  applicationId: number
  /** `user_version` after migration 1. */
  firstVersion: number
  migrations: readonly Migration[]
}

const UPDATE_HINT = 'use the newer logdb, or another --out'

/**
 * Brings a database to the newest version of its schema; an empty one gets all of it.
 * @throws UserError DATABASE_FOREIGN, DATABASE_NEWER
 */
function migrate(db: Connection, schema: Schema): void {
  if (isCurrent(db, schema)) return
  inTransaction(db, () => {
    const done = lastMigration(db, schema)
    const missing = schema.migrations.filter(({ number }) => number > done)
    db.function('chain_hash', { deterministic: true }, chainHash)
    for (const { sql } of missing.toSorted((a, b) => a.number - b.number)) db.exec(sql)
    db.pragma(`application_id = ${schema.applicationId}`)
    db.pragma(`user_version = ${newestVersion(schema)}`)
  })
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
  return db.pragma('application_id', { simple: true }) === applicationId
}

/** 0 for an empty database. */
function lastMigration(db: Connection, schema: Schema): number {
  if (!isOfSchema(db, schema)) {
    if (isEmpty(db)) return 0
    throw new UserError('DATABASE_FOREIGN', `${db.name} was not made by this logdb and is left as it is`, {
      hint: 'if the predecessor made it, run: logdb convert; otherwise name another folder with --out',
      exitCode: EXIT_REFUSED,
    })
  }
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > newestVersion(schema)) {
    throw new UserError('DATABASE_NEWER', `${db.name} was made by a newer logdb`, {
      hint: UPDATE_HINT,
      exitCode: EXIT_REFUSED,
    })
  }
  return version - schema.firstVersion + 1
}

const lastNumber = ({ migrations }: Schema) => Math.max(...migrations.map(({ number }) => number))

const newestVersion = (schema: Schema) => schema.firstVersion + lastNumber(schema) - 1

/** True for a database without a table, as one is until it has been made. */
export function isEmpty(db: Connection): boolean {
  return db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined
}
