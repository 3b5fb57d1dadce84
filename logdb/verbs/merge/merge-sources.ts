import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { lastDayOver } from '../../days.ts'
import { logdbError } from '../../error-table.ts'
import {
  daysNamed,
  findAllPartitions,
  listFiles,
  monthPath,
  partitionPath,
} from '../../store/folder/partition-files.ts'
import { replacedPartitions } from '../../store/folder/replaced-partitions.ts'
import { isPartition } from '../../store/partition/open-partition.ts'
import { isOfPredecessor } from '../../store/predecessor/predecessor-database.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'

const DATABASE = /\.sqlite3$/
/** For this long after the last day of a period late records are still likely. */
const GRACE_DAYS = 1
const CONTROL = 'control.sqlite3'

/**
 * Paths of all partitions below a folder, without the file that they are merged into: if it is there, they may have been deleted.
 * @throws UserError PARTITIONS_MISSING, DATABASE_FOREIGN if one of the databases is not a partition of this logdb
 */
export function partitionsBelow(engine: SqliteEngine, folder: string, without: string): string[] {
  const databases = listFiles(folder)
    .filter((path) => DATABASE.test(path) && basename(path) !== CONTROL && path !== without)
    .sort()
  if (databases.length === 0 && !existsSync(without)) {
    const hint = 'give the folder of the partitions with --from, for example logs/db/2025/09'
    throw logdbError('PARTITIONS_MISSING', `${folder} contains no partition to merge`, hint)
  }
  for (const path of databases) if (!isPartition(engine, path)) throw notOurs(engine, path)
  return databases
}

function notOurs(engine: SqliteEngine, path: string) {
  const hint = isOfPredecessor(engine, path)
    ? 'run: logdb convert, which takes over the databases of the predecessor below --out'
    : 'move it out of the folder, or give another one with --from'
  return logdbError('DATABASE_FOREIGN', `${path} was not made by this logdb, so nothing was merged`, hint)
}

/** Periods whose partitions are merged into one. */
export type MergePeriod = 'week' | 'month'

/** A partition to make, and those that belong into it. */
export interface PeriodToMerge {
  path: string
  sources: string[]
}

/**
 * Periods that have been over for a day and have partitions of shorter ones. A week in two months stays a week.
 * @param withReplaced also those that were merged before and are still there, to be deleted
 */
export function periodsToMerge(
  engine: SqliteEngine,
  base: string,
  { period, withReplaced }: { period: MergePeriod; withReplaced: boolean },
  damaged: DamagedPartition[],
): PeriodToMerge[] {
  const latest = lastDayOver(GRACE_DAYS)
  const replaced = replacedPartitions(base)
  const periods = new Map<string, string[]>()
  for (const { path } of findAllPartitions(base, {}).reverse()) {
    const target = targetOf(base, path, period)
    if (target === undefined || (daysNamed(target)?.lastDay ?? '') > latest) continue
    const by = replaced.get(path)
    if (by !== undefined && !(withReplaced && (by === target || targetOf(base, by, period) === target))) continue
    if (unlessDamaged(damaged, path, () => isPartition(engine, path))) {
      periods.set(target, [...(periods.get(target) ?? []), path])
    }
  }
  return [...periods].map(([path, sources]) => ({ path, sources }))
}

/** The partition of the week or month that a shorter one lies in. */
function targetOf(base: string, path: string, period: MergePeriod): string | undefined {
  const days = daysNamed(path)
  if (!days) return undefined
  const pathOf = (day: string) => (period === 'week' ? partitionPath(base, day, 'weekly') : monthPath(base, day))
  const target = pathOf(days.firstDay)
  const isShorter = !isDeepStrictEqual(days, daysNamed(target))
  return isShorter && target === pathOf(days.lastDay) ? target : undefined
}
