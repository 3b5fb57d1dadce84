import { chmodSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { nowWholeS } from '../../days.ts'
import { moveDurably } from '../folder/durable.ts'
import { requireFreeBytes } from '../folder/free-space.ts'
import { refreshRollups } from '../rollups/rollups.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { openMigrated } from '../sqlite/migrate.ts'
import { PAGE_BYTES } from '../sqlite/open.ts'
import { innerName } from '../tables/inner-names.ts'
import { optimizeTextIndex } from '../text-index/text-index.ts'
import { restoreIndexes } from './indexes/restore-indexes.ts'
import { PARTITION_SCHEMA } from './schema/partition-schema.ts'

/** The version of the partition is not known yet where it is read. */
const SEAL = 'seal'
const WRITABLE_BY_OWNER = 0o200
const WRITABLE_BY_ANY = 0o222

const SMALL_BYTES = 1024 * 1024
const SMALL_PAGE_BYTES = 1024

/** True for a file that `sealPartition` made and that nothing has opened for writing since. @throws UserError */
export function isSealed(engine: SqliteEngine, path: string): boolean {
  if ((statSync(path).mode & WRITABLE_BY_OWNER) !== 0) return false
  using db = engine.openReadonly(path)
  return hasSeal(db)
}

/** Makes a sealed partition writable again. */
export function unseal(engine: SqliteEngine, path: string): void {
  chmodSync(path, statSync(path).mode | WRITABLE_BY_OWNER)
  const db = engine.openWritable(path)
  try {
    const table = innerName(db, SEAL)
    if (table !== undefined) db.exec(`DELETE FROM ${table}`)
  } finally {
    db.close()
  }
}

/**
 * Replaces a partition by a compact, read-only copy without a WAL, which may be opened with `immutable=1` and from a
 * read-only disk. Nothing changes if it fails. Returns the sizes in bytes.
 * @throws UserError DATABASE_BUSY while another process reads the partition, DISK_FULL and others
 */
export function sealPartition(engine: SqliteEngine, path: string): { bytesBefore: number; bytesAfter: number } {
  const bytesBefore = statSync(path).size
  requireFreeBytes(dirname(path), bytesBefore, `a compact copy of ${path}`)
  const copy = `${path}.part`
  rmSync(copy, { force: true })
  try {
    const rows = copyTo(engine, path, copy)
    finishCopy(engine, copy, rows)
    chmodSync(copy, statSync(path).mode & ~WRITABLE_BY_ANY)
    moveDurably(copy, path)
    return { bytesBefore, bytesAfter: statSync(path).size }
  } finally {
    rmSync(copy, { force: true })
  }
}

/** Leaves the partition without a WAL, which would be taken for that of the copy. Returns how many rows it has. */
function copyTo(engine: SqliteEngine, path: string, copy: string): number {
  restoreIndexes(engine, path)
  const db = openMigrated(engine, path, PARTITION_SCHEMA)
  try {
    db.inTransaction(() => {
      optimizeTextIndex(db)
      refreshRollups(db)
    })
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma('journal_mode = DELETE')
    db.pragma(`page_size = ${pageBytesFor(db)}`)
    db.prepare<[string]>('VACUUM INTO ?').run(copy)
    return countRows(db)
  } finally {
    db.close()
  }
}

/** Each table and index takes a page at least, which is most of a day of few requests. */
function pageBytesFor(db: Connection): number {
  const used = Number(db.pragma('page_count')) - Number(db.pragma('freelist_count'))
  return used * Number(db.pragma('page_size')) < SMALL_BYTES ? SMALL_PAGE_BYTES : PAGE_BYTES
}

function finishCopy(engine: SqliteEngine, copy: string, rows: number): void {
  const db = engine.openAsIs(copy)
  try {
    db.pragma('journal_mode = DELETE')
    db.exec('DROP TABLE IF EXISTS z_unfinished_erasure')
    db.prepare<[number]>('INSERT INTO z_seal VALUES (?)').run(nowWholeS())
    const integrity = db.pragma('integrity_check')
    if (integrity !== 'ok' || countRows(db) !== rows) throw new Error(`the compact copy is not whole: ${integrity}`)
  } finally {
    db.close()
  }
}

function countRows(db: Connection): number {
  return Number(db.prepareValue('SELECT count(*) FROM z_req').get())
}

function hasSeal(db: Connection): boolean {
  const table = innerName(db, SEAL)
  return table !== undefined && db.prepare(`SELECT 1 FROM ${table}`).get() !== undefined
}
