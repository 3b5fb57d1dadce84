import { statSync } from 'node:fs'
import type { DayRange } from '../../store/control/control.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { buildIndexOf } from '../../store/partition/build-index.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import { withPartition } from '../../store/rows/partition.ts'
import { loadSqlite, type SqliteEngine } from '../../store/sqlite/open.ts'
import { countIndexable, dropTextIndex, type IndexCounts } from '../../store/text-index/text-index.ts'
import { HAS_THREADS } from '../../threads.ts'
import { IndexBuilder } from './index-builder.ts'

/** Of all partitions; below this threads cost more than they give. */
const LEAST_BYTES_FOR_THREADS = 8 * 1024 * 1024

export interface TextIndexOptions extends ChangeOptions, DayRange {}

/**
 * Brings the text index of every partition of the range up to date, up to `parallelism` of them at a time. Returns them
 * in the order of time. @throws UserError
 */
export async function buildTextIndexes({
  parallelism,
  ...options
}: TextIndexOptions & { parallelism: number }): Promise<({ path: string } & IndexCounts)[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, async () => {
    const paths = pathsOf(options)
    if (options.isDryRun) return paths.map((path) => ({ path, ...countsIn(engine, path) }))
    const threads = isWorthThreads(paths) ? Math.min(parallelism, paths.length) : 1
    if (threads < 2) return paths.map((path) => ({ path, ...buildIndexOf(engine, path) }))
    const results = new Array<IndexCounts>(paths.length)
    const waiting = paths.entries()
    await Promise.all(Array.from({ length: threads }, () => buildInThread(waiting, results)))
    return paths.map((path, index) => ({ path, ...(results[index] as IndexCounts) }))
  })
}

const countsIn = (engine: SqliteEngine, path: string) =>
  readPartition(engine, path, countIndexable) ?? { indexed: 0, skipped: 0 }

function isWorthThreads(paths: string[]): boolean {
  const sizeBytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  return sizeBytes >= LEAST_BYTES_FOR_THREADS && HAS_THREADS
}

/** Takes partitions from the list until there are no more. */
async function buildInThread(waiting: Iterable<[number, string]>, results: IndexCounts[]): Promise<void> {
  const builder = new IndexBuilder()
  try {
    for (const [index, path] of waiting) results[index] = await builder.build(path)
  } finally {
    await builder.close()
  }
}

/** Removes the text indexes of a range; an error of one partition does not keep the others. */
export async function dropTextIndexes(options: TextIndexOptions): Promise<{ path: string; error?: unknown }[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    return pathsOf(options).map((path) => {
      try {
        if (!options.isDryRun) withPartition(engine, path, dropTextIndex)
        return { path }
      } catch (error) {
        return { path, error }
      }
    })
  })
}

/** In the order of time. */
const pathsOf = (options: TextIndexOptions) =>
  findPartitions(options.out, options)
    .map(({ path }) => path)
    .reverse()
