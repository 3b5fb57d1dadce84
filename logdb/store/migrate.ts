import { UserError } from '../../kit/user-error.ts'
import { type Connection, EXIT_REFUSED, inTransaction, type SqliteEngine } from './sqlite.ts'

/** A kind of database of ours. `migrations` is append-only: a file says how many of them it has had. */
export interface Schema {
  applicationId: number
  /** `user_version` after the first migration. */
  firstVersion: number
  migrations: readonly string[]
}

const UPDATE_HINT = 'use the newer logdb, or another --out'

/**
 * Brings a database to the newest version of its schema; an empty one gets all of it.
 * @throws UserError DATABASE_FOREIGN, DATABASE_NEWER
 */
function migrate(db: Connection, schema: Schema): void {
  if (isCurrent(db, schema)) return
  inTransaction(db, () => {
    const done = migrationsDone(db, schema)
    for (const sql of schema.migrations.slice(done)) db.exec(sql)
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
function isCurrent(db: Connection, schema: Schema): boolean {
  return migrationsDone(db, schema) === schema.migrations.length
}

/** True for a database of this kind, whatever its version. */
export function isOfSchema(db: Connection, { applicationId }: Schema): boolean {
  return db.pragma('application_id', { simple: true }) === applicationId
}

function migrationsDone(db: Connection, schema: Schema): number {
  if (!isOfSchema(db, schema)) {
    if (isEmpty(db)) return 0
    throw new UserError('DATABASE_FOREIGN', `${db.name} was not made by this logdb and is left as it is`, {
      hint: 'ingest into another folder with --out, with a copy of .server_id if there is one: the logs give the same rows again',
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

const newestVersion = ({ firstVersion, migrations }: Schema) => firstVersion + migrations.length - 1

function isEmpty(db: Connection): boolean {
  return db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined
}
