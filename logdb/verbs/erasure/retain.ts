import { rmSync } from 'node:fs'
import { firstSecondOf } from '../../days.ts'
import { keepFrom, type Retention, readRetention } from '../../store/control/retention.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions, type PartitionFile } from '../../store/folder/partition-files.ts'
import { countBefore, deleteRequests, removeBodies } from '../../store/partition/erase.ts'
import { changePartition, openPartition } from '../../store/partition/open-partition.ts'
import { findOldDatabases } from '../../store/predecessor/old-databases.ts'
import { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { finishErasures } from './finish-erasures.ts'

/**
 * What to keep, and where.
 * @example
 * const options: RetainOptions = { out: 'logs/db', keptFrom: { bodies: '2025-06-01' }, isDryRun: true }
 */
export interface RetainOptions extends ChangeOptions {
  /** The first UTC days that are kept, YYYY-MM-DD. A day that was set before never moves back. */
  keptFrom: Partial<Retention>
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

/** The database last: the next run finds what a killed run leaves. */
const FILES_OF_A_DATABASE = ['-wal', '-shm', '']

/**
 * Removes the requests, and the bodies of requests, from before the first days that are kept. That also applies
 * to logs that are read later. A partition is deleted if all of its days are older.
 * @throws UserError ERASURE_UNFINISHED while another process reads the database, DATABASE_IN_USE and others
 * @example
 * await retain({ out: 'logs/db', keptFrom: { bodies: '2025-06-01', metadata: '2025-01-01' }, isDryRun: false })
 */
export async function retain(options: RetainOptions): Promise<RetainReport> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => retainNow(engine, options))
}

/** The same, to be called with the lease. @throws UserError */
export function retainNow(
  engine: SqliteEngine,
  { out, keptFrom, isDryRun }: Omit<RetainOptions, 'waitMs'>,
): RetainReport {
  const retention = isDryRun ? later(readRetention(engine, out), keptFrom) : keepFrom(engine, out, keptFrom)
  const counts = findPartitions(out, {}).map((file) => countIn(engine, file, retention))
  const partitions = counts.filter(({ requests, bodies, isDeleted }) => requests + bodies > 0 || isDeleted).reverse()
  if (!isDryRun) {
    for (const count of partitions) remove(engine, count, retention)
    finishErasures(engine, out)
  }
  return { partitions, oldDatabases: oldDatabasesBefore(engine, out, retention) }
}

function oldDatabasesBefore(engine: SqliteEngine, out: string, { metadata, bodies }: Retention): string[] {
  const before = startOf(metadata > bodies ? metadata : bodies)
  return findOldDatabases(engine, out).filter((path) => {
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
  const removed = countBefore(db, startOf(metadata))
  const bodiesRemoved = Math.max(0, countBefore(db, startOf(bodies)).bodies - removed.bodies)
  return { path, requests: removed.requests, bodies: bodiesRemoved, isDeleted: lastDay < metadata }
}

function remove(engine: SqliteEngine, { path, isDeleted }: RetainCount, { metadata, bodies }: Retention): void {
  if (isDeleted) for (const suffix of FILES_OF_A_DATABASE) rmSync(path + suffix, { force: true })
  else {
    changePartition(engine, path, (db) => {
      deleteRequests(db, startOf(metadata))
      removeBodies(db, startOf(bodies))
    })
  }
}

/** In seconds since 1970; nothing is before an empty day. */
function startOf(day: string): number {
  return day === '' ? 0 : firstSecondOf(day)
}
