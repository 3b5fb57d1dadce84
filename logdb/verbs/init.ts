import { existsSync } from 'node:fs'
import type { LogdbSettings } from '../settings.ts'
import { withLease } from '../store/folder/lease.ts'
import { partitionFor } from '../store/folder/partition-files.ts'
import { buildIndexOf } from '../store/partition/build-index.ts'
import { readPartition } from '../store/partition/open-partition.ts'
import { checkIntegrity, withPartition } from '../store/rows/partition.ts'
import { loadSqlite } from '../store/sqlite/open.ts'

export interface InitOptions {
  /** Folder of the log database. */
  out: string
  /** UTC date, YYYY-MM-DD. */
  day: string
  settings: LogdbSettings
  /** How long to wait for whoever else is writing to the database; 0 if absent. */
  waitMs?: number | undefined
}

export interface InitResult {
  path: string
  /** `ok`, or what SQLite's integrity check found. */
  integrity: string
}

/** Creates the partition of a day if there is none, and checks it. @throws UserError */
export async function init({ out, day, settings, waitMs }: InitOptions): Promise<InitResult> {
  const engine = await loadSqlite()
  const path = partitionFor(out, day, settings.granularity)
  const integrity = await withLease(engine, out, { waitMs }, () => {
    const found = existsSync(path) ? readPartition(engine, path, checkIntegrity) : undefined
    if (found) return found
    const made = withPartition(engine, path, checkIntegrity)
    if (settings.isTextIndexEnabled) buildIndexOf(engine, path)
    return made
  })
  return { path, integrity }
}
