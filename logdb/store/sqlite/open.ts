import type Sqlite from 'better-sqlite3'
import { errorMessage } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import { ExplainingConnection } from './connection.ts'
import type { SqliteEngine } from './engine.ts'
import { explainError } from './explain-error.ts'

type Driver = typeof Sqlite

const BUSY_TIMEOUT_MS = 5000
/** Of a database that is written to. */
export const PAGE_BYTES = 8192
const CACHE_KIB = 8192
/** Of a connection that only reads; many can be open at once. By default the driver gives 16 MB to each. */
const READ_CACHE_KIB = 2048
const AUTOCHECKPOINT_PAGES = 2000
const INSTALL_HINT =
  'run: npm install better-sqlite3 (without a prebuilt binary it needs python3, make and a C++ compiler), or npm rebuild better-sqlite3 after a change of Node'

/** @throws UserError SQLITE_MISSING when better-sqlite3 is not installed or was not built for this Node */
export async function loadSqlite(
  load: () => Promise<{ default: Driver }> = () => import('better-sqlite3'),
): Promise<SqliteEngine> {
  try {
    const { default: driver } = await load()
    keepFromCollection(new driver(':memory:')).close() // the native part is loaded only now
    return engineOf(driver)
  } catch (error) {
    const reason = errorMessage(error).split('\n')[0]
    const message = `logdb needs the package better-sqlite3, which does not load: ${reason}`
    throw logdbError('SQLITE_MISSING', message, INSTALL_HINT, error)
  }
}

function engineOf(driver: Driver): SqliteEngine {
  const open = (path: string, options: Sqlite.Options, nameInErrors = path) => {
    return explaining(nameInErrors, () => keepFromCollection(new driver(path, options)))
  }
  return {
    openWritable: (path) => {
      const database = open(path, { timeout: BUSY_TIMEOUT_MS })
      explaining(path, () => prepareForWriting(database))
      return new ExplainingConnection(database, path)
    },
    openReadonly: (path, nameInErrors) => {
      const database = open(path, { readonly: true, timeout: BUSY_TIMEOUT_MS }, nameInErrors)
      explaining(nameInErrors ?? path, () => setReadCache(database))
      return new ExplainingConnection(database, path, nameInErrors)
    },
    openAsIs: (path) => new ExplainingConnection(open(path, { timeout: 0 }), path),
  }
}

function explaining<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explainError(path, error)
  }
}

function setReadCache(database: Sqlite.Database): void {
  try {
    database.pragma(`cache_size = -${READ_CACHE_KIB}`)
  } catch (error) {
    database.close()
    throw error
  }
}

/** `synchronous = FULL`: what is committed is on the disk before control.sqlite3 can say that it is done. */
function prepareForWriting(database: Sqlite.Database): void {
  try {
    database.pragma(`page_size = ${PAGE_BYTES}`)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.pragma(`cache_size = -${CACHE_KIB}`)
    database.pragma(`wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`)
  } catch (error) {
    database.close()
    throw error
  }
}

interface NativeStatement {
  iterate: (...args: unknown[]) => unknown
}

interface NativeDatabase {
  prepare: (...args: unknown[]) => NativeStatement
}

/** Native objects of all connections, until the process ends. */
const kept: unknown[] = []

/**
 * Node 24.19 and newer abort the process when a native object of better-sqlite3 12 is garbage-collected while no
 * JavaScript runs, if it was compiled with their headers (node_object_wrap.h; better-sqlite3 13 does not have the defect,
 * but needs Node 22). So none is ever collected: what a statement holds in SQLite is freed when its database is closed.
 */
function keepFromCollection(database: Sqlite.Database): Sqlite.Database {
  for (const symbol of Object.getOwnPropertySymbols(database)) {
    const native: NativeDatabase | undefined = Reflect.get(database, symbol)
    if (typeof native?.prepare !== 'function') continue
    kept.push(native)
    const prepare = keepingResult(native.prepare.bind(native))
    native.prepare = (...args) => {
      const statement = prepare(...args)
      statement.iterate = keepingResult(statement.iterate.bind(statement))
      return statement
    }
  }
  return database
}

function keepingResult<T>(make: (...args: unknown[]) => T): (...args: unknown[]) => T {
  return (...args) => {
    const made = make(...args)
    kept.push(made)
    return made
  }
}
