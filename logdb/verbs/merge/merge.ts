import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { UserError } from '../../../kit/user-error.ts'
import { configInvalid } from '../../../kit/user-error.ts'
import { firstSecondOf, lastSecondOf } from '../../days.ts'
import { logdbError } from '../../error-table.ts'
import type { LogdbSettings } from '../../settings.ts'
import { readRetention } from '../../store/control/retention.ts'
import { requireFilePlace } from '../../store/folder/file-place.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { daysNamed } from '../../store/folder/partition-files.ts'
import type { DoubledRequests } from '../../store/merge/finish-merge.ts'
import { type MergedPartition, type MergedSource, mergePartitions } from '../../store/merge/merge-partitions.ts'
import type { RenamedServers } from '../../store/merge/renamed-servers.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import type { DamagedPartition } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { removeDatabase } from '../../store/sqlite/remove-database.ts'
import { type MergePeriod, partitionsBelow, periodsToMerge } from './merge-sources.ts'
import { deleteSources, isInside, type Place, placeFile, placeOf, requireDeletable } from './place-merged.ts'

interface MergeRun extends ChangeOptions {
  settings: LogdbSettings
  /** Delete the sources when their requests are proven to be in the new file. */
  mustDelete: boolean
  /** Ids of servers, with the id of the same server that is kept. */
  renamed: RenamedServers
}

export interface MergeOptions extends MergeRun {
  /** Folder with the partitions. */
  from: string
  /** The file to merge them into. */
  to: string
}

export interface MergePeriodsOptions extends MergeRun {
  period: MergePeriod
}

/** A file that partitions were merged into. */
export interface MergeReport {
  path: string
  /** In a dry run without `added`. */
  sources: (Omit<MergedSource, 'added'> & { added?: number })[]
  /** How many requests the file has; undefined in a dry run. */
  requests: number | undefined
  doubled: DoubledRequests[]
  /** Whether the sources were deleted. */
  isDeleted: boolean
  /** Why nothing was changed, if the proof failed. */
  failure: UserError | undefined
}

/**
 * Merges all partitions below a folder into a file, which keeps what it has. The file changes only if every request of each
 * source is proven to be in the new one with equal content. It can be repeated and killed.
 * @throws UserError
 */
export async function merge({ from, to, ...run }: MergeOptions): Promise<MergeReport> {
  requireFilePlace('--to', to, 'name a file, like logs/db/2025/M09/ai_proxy_202509.sqlite3')
  const engine = await loadSqlite()
  const { out } = run
  const lockFolder = existsSync(out) || isInside(out, to) ? out : dirname(to)
  return withLeaseToChange(engine, { ...run, out: lockFolder }, () => {
    return mergeInto(engine, to, partitionsBelow(engine, from, to), run)
  })
}

/** Merges the partitions of each week, or of each month, that is over. @throws UserError */
export async function mergePeriods({
  period,
  ...run
}: MergePeriodsOptions): Promise<{ merged: MergeReport[]; damaged: DamagedPartition[] }> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, run, () => {
    const damaged: DamagedPartition[] = []
    const periods = periodsToMerge(engine, run.out, { period, withReplaced: run.mustDelete }, damaged)
    return { merged: periods.map(({ path, sources }) => mergeInto(engine, path, sources, run)), damaged }
  })
}

/** To be called with the lease. */
function mergeInto(engine: SqliteEngine, path: string, sources: readonly string[], run: MergeRun): MergeReport {
  const { out, settings, renamed, mustDelete } = run
  const place = placeOf(out, path, sources)
  if (mustDelete) requireDeletable(place, sources)
  if (run.isDryRun) return wouldMerge(engine, path, sources)
  const part = `${path}.part`
  const rules = { retention: readRetention(engine, out), isTextIndexed: settings.isTextIndexEnabled, renamed }
  const all = existsSync(path) ? [path, ...sources] : sources
  const merged = mergePartitions(engine, part, all, rules)
  const failure = failureOf(path, merged)
  const report = {
    path,
    sources: merged.sources.filter((source) => source.path !== path),
    requests: merged.requests,
    doubled: merged.doubled,
  }
  if (failure) {
    removeDatabase(part)
    return { ...report, isDeleted: false, failure }
  }
  putInPlace(engine, { part, place, merged })
  if (mustDelete) deleteSources(engine, place, sources)
  return { ...report, isDeleted: mustDelete, failure }
}

function putInPlace(
  engine: SqliteEngine,
  { part, place, merged }: { part: string; place: Place; merged: MergedPartition },
): void {
  try {
    if (isInside(place.base, place.path)) requireDays(place.path, merged)
    placeFile(engine, part, place)
  } finally {
    removeDatabase(part)
  }
}

/** A request outside the days that the name says would not be found. */
function requireDays(path: string, { times }: MergedPartition): void {
  const days = daysNamed(path)
  if (!days || !times) return
  const { firstDay, lastDay } = days
  if (times.first >= firstSecondOf(firstDay) && times.last <= lastSecondOf(lastDay)) return
  const message = `these partitions have requests outside ${firstDay} to ${lastDay}, the days that ${path} is named after`
  throw configInvalid(message, 'merge fewer days, or give another name with --to; nothing was changed')
}

function wouldMerge(engine: SqliteEngine, path: string, sources: readonly string[]): MergeReport {
  const counts = sources.map((source) => {
    using db = openPartition(engine, source)
    return { path: source, requests: Number(db?.prepareValue('SELECT count(*) FROM z_req').get() ?? 0) }
  })
  return { path, sources: counts, requests: undefined, doubled: [], isDeleted: false, failure: undefined }
}

function failureOf(path: string, { problems }: MergedPartition): UserError | undefined {
  const differing = problems.find((problem) => problem.differing !== undefined)
  if (differing) {
    const message = `request ${differing.differing} of ${differing.path} is also in another partition, with another content`
    return logdbError('MERGE_CONFLICT', message, 'compare both with logdb show --json; nothing was changed')
  }
  const [missing] = problems
  if (!missing) return undefined
  const message = `${missing.missing} requests of ${missing.path} are not in the new ${path}`
  return logdbError('MERGE_UNPROVEN', message, 'run logdb verify --deep; nothing was changed')
}
