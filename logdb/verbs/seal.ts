import { statSync } from 'node:fs'
import { type DayRange, lastDayOver } from '../days.ts'
import { type Retention, readRetention } from '../store/control/retention.ts'
import { type ChangeOptions, withLeaseToChange } from '../store/folder/lease.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { isWrittenEarlier, rewritePartition } from '../store/merge/rewrite-partition.ts'
import { isPartition } from '../store/partition/open-partition.ts'
import { isSealed, sealPartition } from '../store/partition/seal.ts'
import type { SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'
import { updateFilters } from '../store/word-filter/update-filters.ts'

/** For this long after the last day of a partition late records are still likely. */
const GRACE_DAYS = 1

export interface SealedPartition {
  path: string
  bytesBefore: number
  /** Absent after a dry run, and if there is an error. */
  bytesAfter?: number
  error?: unknown
}

interface SealOptions extends DayRange, ChangeOptions {
  /** Also rewrite partitions of an earlier version, sealed ones too, in the form of this one. */
  mustRewrite?: boolean
}

/**
 * Seals the partitions of the range whose days are over and that are not sealed yet; without `to`, those that have been
 * over for a day. An error of one partition does not stop the others.
 * @throws UserError
 */
export async function seal({ since, to, mustRewrite = false, ...change }: SealOptions): Promise<SealedPartition[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, change, async () => {
    const latest = lastDayOver(to === undefined ? GRACE_DAYS : 0)
    const rules = { isDryRun: change.isDryRun, retention: mustRewrite ? readRetention(engine, change.out) : undefined }
    const paths = findPartitions(change.out, { since, to })
      .filter(({ lastDay }) => lastDay <= latest)
      .map(({ path }) => path)
      .reverse()
    const sealed = paths.flatMap((path) => sealOne(engine, path, rules))
    if (!change.isDryRun) await updateFilters(engine, change.out, paths)
    return sealed
  })
}

interface SealRules {
  isDryRun: boolean
  /** What a rewritten partition keeps; undefined if none is rewritten. */
  retention: Retention | undefined
}

/** None for a database that is not ours, or is sealed and need not be rewritten. */
function sealOne(engine: SqliteEngine, path: string, { isDryRun, retention }: SealRules): SealedPartition[] {
  const bytesBefore = statSync(path).size
  try {
    if (!isPartition(engine, path)) return []
    const isRewritten = retention !== undefined && isWrittenEarlier(engine, path)
    if (!isRewritten && isSealed(engine, path)) return []
    if (isDryRun) return [{ path, bytesBefore }]
    return [{ path, ...(isRewritten ? rewritePartition(engine, path, retention) : sealPartition(engine, path)) }]
  } catch (error) {
    return [{ path, bytesBefore, error }]
  }
}
