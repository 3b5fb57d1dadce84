import type { Connection } from './engine.ts'

/** Moves everything in the WAL into the file. False if that must wait for a process that reads an older state. */
function checkpoint(db: Connection): boolean {
  return db.pragma('wal_checkpoint(TRUNCATE)') === 0
}

/**
 * Rewrites a database without the bytes of what was deleted from it. False if they stay in the file for now, because
 * another process reads an older state.
 */
export function compact(db: Connection): boolean {
  db.exec('VACUUM')
  return checkpoint(db)
}

/** Closes a database and leaves no -wal file, so that the file can be copied and read as it is. */
export function closeCheckpointed(db: Connection): void {
  try {
    if (!db.isInTransaction) checkpoint(db)
  } finally {
    db.close()
  }
}
