import { UserError } from '../../kit/user-error.ts'
import { findPartitions, type PartitionFile } from '../partitions.ts'
import type { DayRange } from '../store/control.ts'
import { type PartitionQuery, type SearchHit, searchPartition } from '../store/search.ts'
import { loadSqlite } from '../store/sqlite.ts'

export interface SearchOptions extends DayRange {
  /** Folder of the log database. */
  out: string
  /** In FTS5's syntax, for example from `toMatch`. */
  match: string
  role?: string | undefined
  model?: string | undefined
  endpoint?: string | undefined
  status?: { from: number; to: number } | undefined
  limit: number
  snippetTokens: number
}

export interface SearchResult {
  /** The latest first. */
  hits: SearchHit[]
  /** Partitions that were not searched, and messages that are not in an index, in words. */
  warnings: string[]
}

/**
 * Searches the partitions of the range, the latest first, until `limit` hits are found.
 * @throws UserError INDEX_MISSING if no partition of the range has a text index; QUERY_INVALID
 */
export async function search(options: SearchOptions): Promise<SearchResult> {
  const partitions = findPartitions(options.out, options)
  const engine = await loadSqlite()
  const warnings: string[] = []
  let hits: SearchHit[] = []
  let searched = 0
  for (const partition of partitions) {
    if (isBehind(partition, hits, options.limit)) break
    const result = searchPartition(engine, partition.path, queryFor(partition, options))
    if (result.kind === 'searched') {
      searched++
      hits = [...hits, ...result.hits].sort((a, b) => b.ts - a.ts).slice(0, options.limit)
      if (result.unindexed > 0)
        warnings.push(`${partition.path}: ${result.unindexed} messages are not indexed yet: logdb fts build`)
    } else warnings.push(`${partition.path}: ${NOT_SEARCHED[result.kind]}`)
  }
  if (searched === 0 && partitions.length > 0) throw indexMissing(warnings)
  return { hits, warnings }
}

const NOT_SEARCHED = {
  'no-index': 'has no text index: logdb fts build',
  foreign: 'was not made by this logdb and is not searched',
}

/** True if no hit of this partition or an earlier one can still be among the latest. */
function isBehind({ lastDay }: PartitionFile, hits: SearchHit[], limit: number): boolean {
  const oldest = hits.at(-1)
  return hits.length >= limit && oldest !== undefined && oldest.ts > lastSecondOf(lastDay)
}

/** Times are compared only where a partition holds days outside the range. */
function queryFor({ firstDay, lastDay }: PartitionFile, options: SearchOptions): PartitionQuery {
  const { since, to, out: _, ...rest } = options
  return {
    ...rest,
    sinceS: since !== undefined && firstDay < since ? firstSecondOf(since) : undefined,
    toS: to !== undefined && lastDay > to ? lastSecondOf(to) : undefined,
  }
}

const firstSecondOf = (day: string) => Date.parse(`${day}T00:00:00Z`) / 1000
const lastSecondOf = (day: string) => Date.parse(`${day}T23:59:59Z`) / 1000

function indexMissing(warnings: string[]): UserError {
  return new UserError('INDEX_MISSING', `nothing to search in:\n${warnings.join('\n')}`, {
    hint: 'run: logdb fts build',
  })
}
