import { findPartitions } from './partitions.ts'
import type { DayRange } from './store/control.ts'
import { buildTextIndex, dropTextIndex, type IndexCounts } from './store/fts.ts'
import { withPartition } from './store/partition.ts'
import { loadSqlite } from './store/sqlite.ts'

export interface TextIndexOptions extends DayRange {
  /** Folder of the log database. */
  out: string
}

/** Brings the text index of every partition of the range up to date. @throws UserError */
export async function buildTextIndexes(options: TextIndexOptions): Promise<({ path: string } & IndexCounts)[]> {
  const engine = await loadSqlite()
  const partitions = findPartitions(options.out, options).reverse()
  return partitions.map(({ path }) => ({ path, ...withPartition(engine, path, buildTextIndex) }))
}

/** Removes the text indexes of a range; an error of one partition does not keep the others. */
export async function dropTextIndexes(options: TextIndexOptions): Promise<{ path: string; error?: unknown }[]> {
  const engine = await loadSqlite()
  const partitions = findPartitions(options.out, options).reverse()
  return partitions.map(({ path }) => {
    try {
      withPartition(engine, path, dropTextIndex)
      return { path }
    } catch (error) {
      return { path, error }
    }
  })
}
