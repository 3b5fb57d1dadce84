import { partitionPath } from './partitions.ts'
import type { LogdbSettings } from './settings.ts'
import { checkIntegrity, withPartition } from './store/partition.ts'
import { loadSqlite } from './store/sqlite.ts'

export interface InitOptions {
  /** Folder of the log database. */
  out: string
  /** UTC date, YYYY-MM-DD. */
  day: string
  settings: LogdbSettings
}

export interface InitResult {
  path: string
  /** `ok`, or what SQLite's integrity check found. */
  integrity: string
}

/** Creates the partition of a day if there is none, and checks it. @throws UserError */
export async function init({ out, day, settings }: InitOptions): Promise<InitResult> {
  const engine = await loadSqlite()
  const path = partitionPath(out, day, settings.granularity)
  return { path, integrity: withPartition(engine, path, checkIntegrity) }
}
