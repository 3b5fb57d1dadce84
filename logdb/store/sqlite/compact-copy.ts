import { closeSync, openSync, writeSync } from 'node:fs'
import type { Connection, SqliteEngine } from './engine.ts'
import { PAGE_BYTES } from './open.ts'
import { removeDatabase } from './remove-database.ts'

/**
 * Copies a single state of a database, also of one that others write to, and changes the copy. The copy has no WAL, and its
 * bytes follow from its content alone. It is written without fsync, so it does not survive a crash.
 * @param open opens the copy for writing
 * @throws UserError
 */
export function compactCopy(
  engine: SqliteEngine,
  { path, copy }: { path: string; copy: string },
  open: (path: string) => Connection,
  change: (db: Connection) => void,
): void {
  const raw = `${copy}.raw`
  removeDatabase(raw)
  removeDatabase(copy)
  try {
    copyInto(engine.openReadonly(path), raw)
    const db = open(raw)
    db.pragma('journal_mode = MEMORY')
    db.pragma('synchronous = OFF')
    try {
      change(db)
    } catch (error) {
      db.close()
      throw error
    }
    copyInto(db, copy)
    forgetChanges(copy)
  } finally {
    removeDatabase(raw)
  }
}

/** Where the header of a database counts the changes of its schema; readers only compare it with what they know. */
const SCHEMA_COOKIE = 40

/** SQLite keeps the count, which says how often a table was dropped and made again, and its pragma may not set it. */
function forgetChanges(path: string): void {
  const file = openSync(path, 'r+')
  try {
    writeSync(file, Buffer.from([0, 0, 0, 1]), 0, 4, SCHEMA_COOKIE)
  } finally {
    closeSync(file)
  }
}

/** All copies have pages of one size, whatever the database has. */
function copyInto(db: Connection, copy: string): void {
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`)
    db.prepare<[string]>('VACUUM INTO ?').run(copy)
  } finally {
    db.close()
  }
}
