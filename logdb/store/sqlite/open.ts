import type Sqlite from 'better-sqlite3'
import { errorMessage, hasErrorCode, UserError } from '../../../kit/user-error.ts'

export type Connection = Sqlite.Database
type Constructor = typeof Sqlite

const BUSY_TIMEOUT_MS = 5000
const PAGE_BYTES = 8192
const CACHE_KIB = 8192
const AUTOCHECKPOINT_PAGES = 2000

export const EXIT_IN_USE = 4
export const EXIT_NO_SPACE = 5
export const EXIT_REFUSED = 7

/** SQLite tells a disk that is full from a limit on sizes (`ulimit -f`, a quota): that one is an error of writing. */
const NO_SPACE_CODES = ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_TRUNCATE']

/** SQLite, loaded only when a verb needs it: everything else works without better-sqlite3. */
export interface SqliteEngine {
  /** Opens a database for writing and creates it if there is none. */
  openWritable(path: string): Connection
  /** Opens an existing database. */
  openReadonly(path: string): Connection
  /** Opens a database in the mode in which it is; whoever finds it locked does not wait. */
  openAsIs(path: string): Connection
}

/** @throws UserError SQLITE_MISSING when better-sqlite3 is not installed or was not built for this Node */
export async function loadSqlite(
  load: () => Promise<{ default: Constructor }> = () => import('better-sqlite3'),
): Promise<SqliteEngine> {
  try {
    const { default: Database } = await load()
    keepFromCollection(new Database(':memory:')).close() // the native part is loaded only now
    return {
      openWritable: (path) => openWritable(Database, path),
      openReadonly: (path) => keepFromCollection(new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS })),
      openAsIs: (path) => keepFromCollection(new Database(path, { timeout: 0 })),
    }
  } catch (error) {
    const reason = errorMessage(error).split('\n')[0]
    throw new UserError('SQLITE_MISSING', `logdb needs the package better-sqlite3, which does not load: ${reason}`, {
      hint: 'run: npm install better-sqlite3 (where there is no prebuilt one it needs python3, make and a C++ compiler), or npm rebuild better-sqlite3 after a change of Node',
      cause: error,
    })
  }
}

interface Native {
  prepare: (...args: unknown[]) => unknown
}

/** Native objects of all connections, for as long as the process lives. */
const kept: unknown[] = []

/**
 * Node 24.19 and newer abort the process when a native object of better-sqlite3 12 is garbage-collected while no
 * JavaScript runs, if it was compiled with their headers (node_object_wrap.h; better-sqlite3 13 is free of it, but needs
 * Node 22). So none is ever collected: what a statement holds in SQLite is freed when its database is closed.
 */
function keepFromCollection(db: Connection): Connection {
  for (const symbol of Object.getOwnPropertySymbols(db)) {
    const native: Native | undefined = Reflect.get(db, symbol)
    if (typeof native?.prepare !== 'function') continue
    const prepare = native.prepare.bind(native)
    native.prepare = (...args) => {
      const statement = prepare(...args)
      kept.push(statement)
      return statement
    }
    kept.push(native)
  }
  return db
}

/** `synchronous = FULL`: what is committed is on the disk before a checkpoint elsewhere can say that it is done. */
function openWritable(Database: Constructor, path: string): Connection {
  const db = keepFromCollection(new Database(path, { timeout: BUSY_TIMEOUT_MS }))
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    db.pragma(`cache_size = -${CACHE_KIB}`)
    db.pragma(`wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Moves all that is in the WAL into the file. False if that has to wait for somebody who reads an older state of it. */
function checkpoint(db: Connection): boolean {
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
  return result?.busy === 0
}

/** Writes a database anew without what was deleted from it. False as for `checkpoint`: then that is still in the file. */
export function compact(db: Connection): boolean {
  db.exec('VACUUM')
  return checkpoint(db)
}

/** Leaves no -wal file behind, so that the file can be copied and read as it is. */
export function closeCheckpointed(db: Connection): void {
  if (!db.open) return
  try {
    if (!db.inTransaction) checkpoint(db)
  } finally {
    db.close()
  }
}

/** Runs `work` in one transaction that has the write lock from its start. */
export function inTransaction<T>(db: Connection, work: () => T): T {
  return db.transaction(work).immediate()
}

/** Gives errors of SQLite that a user can do something about as such; `path` is the database. */
export function explainingErrors<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explained(path, error)
  }
}

function explained(path: string, error: unknown): unknown {
  const nothingLost = 'nothing is lost: what was not committed is read again'
  if (NO_SPACE_CODES.some((code) => hasErrorCode(error, code))) {
    const hint = `free some space, or raise the limit on file sizes, and run the command again; ${nothingLost}`
    return new UserError('DISK_FULL', `no space left for ${path} (${errorMessage(error)})`, {
      hint,
      exitCode: EXIT_NO_SPACE,
      cause: error,
    })
  }
  if (isOfKind(error, 'SQLITE_BUSY')) {
    const hint = `run the command again when the other one is done; ${nothingLost}`
    return new UserError('DATABASE_BUSY', `${path} is in use by another process`, {
      hint,
      exitCode: EXIT_IN_USE,
      cause: error,
    })
  }
  if (isOfKind(error, 'SQLITE_NOTADB') || isOfKind(error, 'SQLITE_CORRUPT')) {
    const hint = `check it with: sqlite3 ${path} 'PRAGMA integrity_check'; if it is lost, move it away together with control.sqlite3 and ingest again`
    return new UserError('DATABASE_DAMAGED', `${path} is damaged or no SQLite database`, { hint, cause: error })
  }
  if (isOfKind(error, 'SQLITE_CANTOPEN') || isOfKind(error, 'SQLITE_READONLY')) {
    const hint =
      'run it as the user who owns that folder, since SQLite writes there even to read; for others there is logdb seal'
    return new UserError('DATABASE_UNWRITABLE', `cannot open ${path}: ${errorMessage(error)}`, { hint, cause: error })
  }
  return error
}

/** SQLite's extended codes begin with those that they extend: SQLITE_READONLY_DIRECTORY. */
function isOfKind(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && `${error.code}_`.startsWith(`${code}_`)
}
