import { statSync } from 'node:fs'
import { type DayRange, lastDayOver } from '../../days.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { buildIndexOf } from '../../store/partition/build-index.ts'
import { changePartition, openPartition } from '../../store/partition/open-partition.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { countIndexable, dropTextIndex, type IndexCounts } from '../../store/text-index/text-index.ts'
import { updateFilters } from '../../store/word-filter/update-filters.ts'
import { hasThreads } from '../../threads.ts'
import { IndexBuilder } from './index-builder.ts'

/** Of all partitions; below this size threads cost more time than they save. */
const LEAST_BYTES_FOR_THREADS = 8 * 1024 * 1024

/**
 * The partitions whose text indexes change.
 * @example
 * const options: TextIndexOptions = { out: 'logs/db', since: '2025-09-01', isDryRun: false }
 */
export interface TextIndexOptions extends ChangeOptions, DayRange {}

/**
 * Brings the text index of every partition of the range up to date, up to `parallelism` of them at a time.
 * @returns the partitions of the range in the order of time
 * @throws UserError DATABASE_IN_USE and others
 * @example
 * for (const { path, indexed } of await buildTextIndexes({ out: 'logs/db', isDryRun: false, parallelism: 2 })) {
 *   console.log(path, indexed)
 * }
 */
export async function buildTextIndexes({
  parallelism,
  onPartition,
  ...options
}: TextIndexOptions & {
  parallelism: number
  onPartition?: ((done: number, total: number) => void) | undefined
}): Promise<({ path: string } & IndexCounts)[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, async () => {
    const paths = pathsOf(options)
    if (options.isDryRun) return paths.map((path) => ({ path, ...countsIn(engine, path) }))
    const threads = isWorthThreads(paths) ? Math.min(parallelism, paths.length) : 1
    const results = new Array<IndexCounts>(paths.length)
    let done = 0
    const keep = (index: number, counts: IndexCounts) => {
      results[index] = counts
      onPartition?.(++done, paths.length)
    }
    const waiting = paths.entries()
    if (threads < 2) for (const [index, path] of waiting) keep(index, buildIndexOf(engine, path))
    await Promise.all(Array.from({ length: threads }, () => buildInThread(waiting, keep)))
    await updateFilters(engine, options.out, pathsOf({ ...options, to: earlier(options.to, lastDayOver(0)) }))
    return paths.map((path, index) => ({ path, ...(results[index] as IndexCounts) }))
  })
}

function countsIn(engine: SqliteEngine, path: string): IndexCounts {
  using db = openPartition(engine, path)
  return db ? countIndexable(db) : { indexed: 0, skipped: 0 }
}

function isWorthThreads(paths: string[]): boolean {
  const sizeBytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  return sizeBytes >= LEAST_BYTES_FOR_THREADS && hasThreads()
}

/** Takes partitions from the list until there are no more. */
async function buildInThread(
  waiting: Iterable<[number, string]>,
  keep: (index: number, counts: IndexCounts) => void,
): Promise<void> {
  const builder = new IndexBuilder()
  try {
    for (const [index, path] of waiting) keep(index, await builder.build(path))
  } finally {
    await builder.close()
  }
}

/**
 * Removes the text indexes of a range; an error of one partition does not stop the others.
 * @returns the partitions of the range in the order of time, each with its error if it has one
 * @throws UserError DATABASE_IN_USE
 * @example
 * const dropped = await dropTextIndexes({ out: 'logs/db', to: '2025-06-30', isDryRun: false })
 * for (const { path, error } of dropped) if (error) console.error(path, error)
 */
export async function dropTextIndexes(options: TextIndexOptions): Promise<{ path: string; error?: unknown }[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    return pathsOf(options).map((path) => {
      try {
        if (!options.isDryRun) changePartition(engine, path, dropTextIndex)
        return { path }
      } catch (error) {
        return { path, error }
      }
    })
  })
}

function earlier(day: string | undefined, other: string): string {
  return day !== undefined && day < other ? day : other
}

/** In the order of time. */
function pathsOf(options: TextIndexOptions): string[] {
  return findPartitions(options.out, options)
    .map(({ path }) => path)
    .reverse()
}
