import { isoDay } from '../../../kit/time.ts'
import { configInvalid } from '../../../kit/user-error.ts'
import { changeControl } from '../../store/control/open-control.ts'
import { forgetPartition } from '../../store/control/partitions.ts'
import { keepFrom, type Retention, readRetention, startOfKept } from '../../store/control/retention.ts'
import { bookAsRetained, type RecordPlace } from '../../store/control/stretches.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findAllPartitions, type PartitionFile } from '../../store/folder/partition-files.ts'
import { applyRetention, countBefore, recordPlacesWithin } from '../../store/partition/erase.ts'
import { changePartition, openPartition } from '../../store/partition/open-partition.ts'
import { hasForgotten } from '../../store/partition/requests.ts'
import { findOldDatabases } from '../../store/predecessor/old-databases.ts'
import { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { removeDatabase } from '../../store/sqlite/remove-database.ts'
import { finishErasures } from './finish-erasures.ts'
import { NO_RESET, resetDays } from './reset-days.ts'

/**
 * What to keep, and where.
 * @example
 * const options: RetainOptions = { out: 'logs/db', keptFrom: { bodies: '2025-06-01' }, isDryRun: true }
 */
export interface RetainOptions extends ChangeOptions {
  /** The first UTC days that are kept, YYYY-MM-DD, at most today. A day that was set before moves back only with `isReset`. */
  keptFrom: Partial<Retention>
  /**
   * Let the days move back. The next ingest reads what is kept then from logs that still exist; requests that were forgotten
   * stay so.
   */
  isReset?: boolean | undefined
}

/**
 * What `retain` removed, or would remove.
 * @example
 * const report: RetainReport = await retain({ out: 'logs/db', keptFrom: { bodies: '2025-06-01' }, isDryRun: true })
 */
export interface RetainReport {
  /** The partitions that lose something, in the order of time. */
  partitions: RetainCount[]
  /** Paths of databases of the predecessor that hold requests before one of the days; they are not changed. */
  oldDatabases: string[]
  /** How many bytes of logs the next ingest reads again, after a reset. */
  readAgainBytes: number
  /** Logs that are gone, with how many bytes of them would be read again. */
  gone: { path: string; bytes: number }[]
  /** Partitions that could not be read; those whose days are all older are deleted nevertheless. */
  damaged: DamagedPartition[]
}

/**
 * What is removed from a partition.
 * @example
 * const { partitions } = await retain({ out: 'logs/db', keptFrom: { metadata: '2025-01-01' }, isDryRun: true })
 * const deleted: RetainCount[] = partitions.filter(({ isDeleted }) => isDeleted)
 */
export interface RetainCount {
  /** Path of the partition. */
  path: string
  /** How many requests. */
  requests: number
  /** How many requests stay without their bodies. */
  bodies: number
  /** True if the whole file is deleted. */
  isDeleted: boolean
}

/**
 * Removes the requests, and the bodies of requests, from before the first days that are kept. That also applies
 * to logs that are read later. A partition is deleted if all of its days are older.
 * @throws UserError ERASURE_UNFINISHED while another process reads the database, DATABASE_IN_USE and others
 * @example
 * await retain({ out: 'logs/db', keptFrom: { bodies: '2025-06-01', metadata: '2025-01-01' }, isDryRun: false })
 */
export async function retain(options: RetainOptions): Promise<RetainReport> {
  const { keptFrom } = options
  requirePast(keptFrom)
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => retainNow(engine, options))
}

/** A typing mistake must not remove everything, and all that comes later. @throws UserError CONFIG_INVALID */
function requirePast(keptFrom: Partial<Retention>): void {
  const today = isoDay(Date.now())
  for (const [kind, day] of Object.entries(keptFrom)) {
    if (day <= today) continue
    const hint = 'give a day of the past, or how many days to keep, like 90d'
    throw configInvalid(`--${kind} ${day} is after today, ${today}: nothing would be kept; nothing was changed`, hint)
  }
}

/** The same, to be called with the lease. @throws UserError */
export function retainNow(
  engine: SqliteEngine,
  { out, keptFrom, isDryRun, isReset = false }: Omit<RetainOptions, 'waitMs'>,
): RetainReport {
  const reset = isReset ? resetDays(engine, { out, keptFrom, isDryRun }) : NO_RESET
  const known = { ...readRetention(engine, out), ...(isReset ? keptFrom : {}) }
  const retention = isDryRun ? later(known, keptFrom) : keepFrom(engine, out, keptFrom)
  const damaged: DamagedPartition[] = []
  const counts = findAllPartitions(out, {}).map((file) => {
    return unlessDamaged(damaged, file.path, () => countIn(engine, file, retention)) ?? unreadableCount(file, retention)
  })
  const partitions = counts.filter(({ requests, bodies, isDeleted }) => requests + bodies > 0 || isDeleted).reverse()
  if (!isDryRun) {
    for (const count of partitions) remove(engine, out, count, retention)
    finishErasures(engine, out)
  }
  return { partitions, oldDatabases: oldDatabasesBefore(engine, out, retention, damaged), damaged, ...reset }
}

function oldDatabasesBefore(
  engine: SqliteEngine,
  out: string,
  { metadata, bodies }: Retention,
  damaged: DamagedPartition[],
): string[] {
  const before = startOfKept(metadata > bodies ? metadata : bodies)
  return findOldDatabases(engine, out, damaged).filter((path) => {
    using old = new PredecessorDatabase(engine, path)
    return old.hasBefore(before)
  })
}

function later(known: Retention, { metadata = '', bodies = '' }: Partial<Retention>): Retention {
  return {
    metadata: metadata > known.metadata ? metadata : known.metadata,
    bodies: bodies > known.bodies ? bodies : known.bodies,
  }
}

function countIn(engine: SqliteEngine, { path, lastDay }: PartitionFile, { metadata, bodies }: Retention): RetainCount {
  using db = openPartition(engine, path)
  if (!db) return { path, requests: 0, bodies: 0, isDeleted: false }
  const removed = countBefore(db, startOfKept(metadata))
  const bodiesRemoved = Math.max(0, countBefore(db, startOfKept(bodies)).bodies - removed.bodies)
  return { path, requests: removed.requests, bodies: bodiesRemoved, isDeleted: lastDay < metadata && !hasForgotten(db) }
}

function unreadableCount({ path, lastDay }: PartitionFile, { metadata }: Retention): RetainCount {
  return { path, requests: 0, bodies: 0, isDeleted: lastDay < metadata }
}

/** First notes which records are removed, so that a reset can let them be read again. */
function remove(
  engine: SqliteEngine,
  out: string,
  { path, requests, isDeleted }: RetainCount,
  retention: Retention,
): void {
  if (requests > 0) noteRemoved(engine, out, path, retention.metadata)
  if (isDeleted) changeControl(engine, out, (control) => forgetPartition(control, out, path))
  if (isDeleted) removeDatabase(path)
  else changePartition(engine, path, (db) => applyRetention(db, retention))
}

function noteRemoved(engine: SqliteEngine, out: string, path: string, metadata: string): void {
  const places = placesIn(engine, path, { fromTs: 0, beforeTs: startOfKept(metadata) }, 'all')
  changeControl(engine, out, (control) => control.inTransaction(() => bookAsRetained(control, places)))
}

function placesIn(
  engine: SqliteEngine,
  path: string,
  times: { fromTs: number; beforeTs: number },
  which: 'all' | 'without bodies',
): RecordPlace[] {
  using db = openPartition(engine, path)
  return db ? recordPlacesWithin(db, times, which) : []
}
