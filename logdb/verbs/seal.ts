import { statSync } from 'node:fs'
import { isoDay, MS_PER_DAY } from '../../kit/time.ts'
import type { DayRange } from '../days.ts'
import { type ChangeOptions, withLeaseToChange } from '../store/folder/lease.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { isPartition } from '../store/partition/open-partition.ts'
import { isSealed, sealPartition } from '../store/partition/seal.ts'
import type { SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'

/** For this long after the last day of a partition late records are still likely. */
const GRACE_DAYS = 1

export interface SealedPartition {
  path: string
  bytesBefore: number
  /** Absent after a dry run, and if there is an error. */
  bytesAfter?: number
  error?: unknown
}

/**
 * Seals the partitions of the range whose days are over and that are not sealed yet; without `to`, those that have been
 * over for a day. An error of one partition does not stop the others.
 * @throws UserError
 */
export async function seal({ since, to, ...change }: DayRange & ChangeOptions): Promise<SealedPartition[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, change, () => {
    const latest = lastDayOver(to === undefined ? GRACE_DAYS : 0)
    return findPartitions(change.out, { since, to })
      .filter(({ lastDay }) => lastDay <= latest)
      .filter(({ path }) => isPartition(engine, path) && !isSealed(engine, path))
      .reverse()
      .map(({ path }) => (change.isDryRun ? { path, bytesBefore: statSync(path).size } : sealOne(engine, path)))
  })
}

function sealOne(engine: SqliteEngine, path: string): SealedPartition {
  try {
    return { path, ...sealPartition(engine, path) }
  } catch (error) {
    return { path, bytesBefore: statSync(path).size, error }
  }
}

/** The last UTC day that ended at least this many days ago. */
function lastDayOver(graceDays: number): string {
  return isoDay(Date.now() - (1 + graceDays) * MS_PER_DAY)
}
