import { closeSync, openSync, writeSync } from 'node:fs'
import type { Connection, SqliteEngine } from './engine.ts'
import { PAGE_BYTES } from './open.ts'
import { removeDatabase } from './remove-database.ts'

interface CopySteps<T> {
  /** Opens the copy for writing. */
  open: (path: string) => Connection
  change: (db: Connection) => T
  /** Puts what has become of it in its place. */
  write?: (engine: SqliteEngine, path: string, copy: string) => void
}

/**
 * Copies a single state of a database, also of one that others write to, and changes the copy. The copy has no WAL, and its
 * bytes follow from its content alone. It is written without fsync, so it does not survive a crash. Returns what `change` does.
 * @throws UserError
 */
export function compactCopy<T>(
  engine: SqliteEngine,
  { path, copy }: { path: string; copy: string },
  { open, change, write = vacuumInto }: CopySteps<T>,
): T {
  const raw = `${copy}.raw`
  removeDatabase(raw)
  removeDatabase(copy)
  try {
    vacuumInto(engine, path, raw)
    const db = open(raw)
    db.pragma('journal_mode = MEMORY')
    db.pragma('synchronous = OFF')
    const changed = changeAndClose(db, change)
    write(engine, raw, copy)
    forgetChanges(copy)
    return changed
  } finally {
    removeDatabase(raw)
  }
}

function changeAndClose<T>(db: Connection, change: (db: Connection) => T): T {
  try {
    return change(db)
  } finally {
    db.close()
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
function vacuumInto(engine: SqliteEngine, path: string, copy: string): void {
  using db = engine.openReadonly(path)
  db.pragma(`page_size = ${PAGE_BYTES}`)
  db.prepare<[string]>('VACUUM INTO ?').run(copy)
}
