import { chmodSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../../../kit/user-error.ts'
import { syncPath } from '../folder/durable.ts'
import { openMigrated } from '../sqlite/migrate.ts'
import { type Connection, EXIT_NO_SPACE, explainingErrors, inTransaction, type SqliteEngine } from '../sqlite/open.ts'
import { optimizeTextIndex } from '../text-index/text-index.ts'
import { PARTITION_SCHEMA } from './partition-schema.ts'

const WRITABLE_BY_OWNER = 0o200
const WRITABLE_BY_ANY = 0o222

/** True for a file that `sealPartition` made, and nobody has opened for writing since. */
export function isSealed(engine: SqliteEngine, path: string): boolean {
  if ((statSync(path).mode & WRITABLE_BY_OWNER) !== 0) return false
  const db = engine.openReadonly(path)
  try {
    return hasSeal(db)
  } finally {
    db.close()
  }
}

/** Lets a sealed partition be written to again. */
export function unseal(engine: SqliteEngine, path: string): void {
  chmodSync(path, statSync(path).mode | WRITABLE_BY_OWNER)
  const db = engine.openWritable(path)
  try {
    db.exec('DELETE FROM seal')
  } finally {
    db.close()
  }
}

/**
 * Replaces a partition by a compact copy without a WAL, closed for writing: it may be opened with `immutable=1`, from a
 * read-only disk too. Nothing changes if it fails. Returns the sizes in bytes.
 * @throws UserError DATABASE_BUSY while somebody reads the partition, DISK_FULL and others
 */
export function sealPartition(engine: SqliteEngine, path: string): { bytesBefore: number; bytesAfter: number } {
  const bytesBefore = statSync(path).size
  requireSpace(path, bytesBefore)
  const copy = `${path}.part`
  rmSync(copy, { force: true })
  try {
    explainingErrors(path, () => {
      const rows = copyTo(engine, path, copy)
      finishCopy(engine, copy, rows)
    })
    chmodSync(copy, statSync(path).mode & ~WRITABLE_BY_ANY)
    syncPath(copy)
    renameSync(copy, path)
    syncPath(dirname(path))
    return { bytesBefore, bytesAfter: statSync(path).size }
  } finally {
    rmSync(copy, { force: true })
  }
}

function requireSpace(path: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path))
  if (bavail * bsize >= bytes) return
  const hint = 'free some space and run the command again; nothing was changed'
  throw new UserError('DISK_FULL', `no space left for a compact copy of ${path}`, { hint, exitCode: EXIT_NO_SPACE })
}

/** Leaves the partition without a WAL, which would be taken for that of the copy. Returns how many rows it has. */
function copyTo(engine: SqliteEngine, path: string, copy: string): number {
  const db = openMigrated(engine, path, PARTITION_SCHEMA)
  try {
    inTransaction(db, () => optimizeTextIndex(db))
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma('journal_mode = DELETE')
    db.prepare('VACUUM INTO ?').run(copy)
    return countRows(db)
  } finally {
    db.close()
  }
}

function finishCopy(engine: SqliteEngine, copy: string, rows: number): void {
  const db = engine.openAsIs(copy)
  try {
    db.pragma('journal_mode = DELETE')
    db.exec('DROP TABLE IF EXISTS unfinished_erasure')
    db.prepare<[number]>('INSERT INTO seal VALUES (?)').run(Math.floor(Date.now() / 1000))
    const integrity = db.pragma('integrity_check', { simple: true })
    if (integrity !== 'ok' || countRows(db) !== rows) throw new Error(`the compact copy is not whole: ${integrity}`)
  } finally {
    db.close()
  }
}

const countRows = (db: Connection) => Number(db.prepare('SELECT count(*) FROM req').pluck().get())

const hasSeal = (db: Connection) =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'seal'").get() !== undefined &&
  db.prepare('SELECT 1 FROM seal').get() !== undefined
