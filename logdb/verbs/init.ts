import { existsSync } from 'node:fs'
import type { LogdbSettings } from '../settings.ts'
import { requirePresent } from '../store/control/partitions.ts'
import { withLease } from '../store/folder/lease.ts'
import { partitionFor } from '../store/folder/partition-files.ts'
import { buildIndexOf } from '../store/partition/build-index.ts'
import { createPartition, openPartition } from '../store/partition/open-partition.ts'
import type { Connection, SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'

/**
 * Which partition to create.
 * @example
 * const options: InitOptions = { out: 'logs/db', day: '2025-09-15', settings: readSettings({}) }
 */
export interface InitOptions {
  /** Folder of the log database. */
  out: string
  /** UTC date, YYYY-MM-DD. */
  day: string
  settings: LogdbSettings
  /** How long to wait for another process that is writing to the database, in milliseconds; 0 if absent. */
  waitMs?: number | undefined
}

/**
 * The partition that was created or checked.
 * @example
 * const { path }: InitResult = await init({ out: 'logs/db', day: '2025-09-15', settings: readSettings({}) })
 */
export interface InitResult {
  /** Path of the partition. */
  path: string
  /** `ok`, or what SQLite's integrity check found. */
  integrity: string
}

/**
 * Creates the partition of a day if there is none, and checks it.
 * @throws UserError DATABASE_IN_USE, DATABASE_DAMAGED and others
 * @example
 * const { integrity } = await init({ out: 'logs/db', day: '2025-09-15', settings: readSettings(process.env) })
 * if (integrity !== 'ok') console.error(integrity)
 */
export async function init({ out, day, settings, waitMs }: InitOptions): Promise<InitResult> {
  const engine = await loadSqlite()
  const path = partitionFor(out, day, settings.granularity)
  const integrity = await withLease(engine, out, { waitMs }, () => {
    requirePresent(engine, out, path)
    const found = existsSync(path) ? integrityOf(engine, path) : undefined
    if (found !== undefined) return found
    const made = createPartition(engine, path, checkIntegrity)
    if (settings.isTextIndexEnabled) buildIndexOf(engine, path)
    return made
  })
  return { path, integrity }
}

/** Undefined for a database that is not ours. */
function integrityOf(engine: SqliteEngine, path: string): string | undefined {
  using db = openPartition(engine, path)
  return db && checkIntegrity(db)
}

function checkIntegrity(db: Connection): string {
  return String(db.pragma('integrity_check'))
}
