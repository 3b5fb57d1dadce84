import { rmSync } from 'node:fs'
import { keepFrom, type Retention, readRetention } from '../../store/control/retention.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions, firstSecondOf, type PartitionFile } from '../../store/folder/partition-files.ts'
import { countBefore, deleteRequests, removeBodies } from '../../store/partition/erase.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import { findOldDatabases } from '../../store/predecessor/old-databases.ts'
import { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import { withPartition } from '../../store/rows/partition.ts'
import { loadSqlite, type SqliteEngine } from '../../store/sqlite/open.ts'
import { finishErasures } from './finish-erasures.ts'

export interface RetainOptions extends ChangeOptions {
  /** The first UTC days that are kept, YYYY-MM-DD. */
  keptFrom: Partial<Retention>
}

export interface RetainReport {
  partitions: RetainCount[]
  /** Databases of the predecessor that hold requests before one of the days, which are not changed. */
  oldDatabases: string[]
}

/** What is, or was, removed of a partition. */
export interface RetainCount {
  path: string
  requests: number
  /** Of requests that stay. */
  bodies: number
  /** True if nothing is left of it. */
  isDeleted: boolean
}

/** The database last: the next run finds what a killed one leaves. */
const FILES_OF_A_DATABASE = ['-wal', '-shm', '']

/**
 * Removes the requests, and the bodies of requests, before the days from which they are kept, also from logs that are
 * read later. A partition that is older as a whole is deleted. @throws UserError ERASURE_UNFINISHED and others
 */
export async function retain(options: RetainOptions): Promise<RetainReport> {
  const { out, keptFrom, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    const retention = isDryRun ? later(readRetention(engine, out), keptFrom) : keepFrom(engine, out, keptFrom)
    const counts = findPartitions(out, {}).map((file) => countIn(engine, file, retention))
    const partitions = counts.filter(({ requests, bodies, isDeleted }) => requests + bodies > 0 || isDeleted).reverse()
    if (!isDryRun) {
      for (const count of partitions) remove(engine, count, retention)
      finishErasures(engine, out)
    }
    return { partitions, oldDatabases: oldDatabasesBefore(engine, out, retention) }
  })
}

function oldDatabasesBefore(engine: SqliteEngine, out: string, { metadata, bodies }: Retention): string[] {
  const before = startOf(metadata > bodies ? metadata : bodies)
  return findOldDatabases(engine, out).filter((path) => {
    return PredecessorDatabase.read(engine, path, (old) => old.hasBefore(before))
  })
}

function later(known: Retention, { metadata = '', bodies = '' }: Partial<Retention>): Retention {
  return {
    metadata: metadata > known.metadata ? metadata : known.metadata,
    bodies: bodies > known.bodies ? bodies : known.bodies,
  }
}

function countIn(engine: SqliteEngine, { path, lastDay }: PartitionFile, { metadata, bodies }: Retention): RetainCount {
  const before = (day: string) => readPartition(engine, path, (db) => countBefore(db, startOf(day)))
  const removed = before(metadata)
  if (!removed) return { path, requests: 0, bodies: 0, isDeleted: false }
  const bodiesRemoved = Math.max(0, (before(bodies)?.bodies ?? 0) - removed.bodies)
  return { path, requests: removed.requests, bodies: bodiesRemoved, isDeleted: lastDay < metadata }
}

function remove(engine: SqliteEngine, { path, isDeleted }: RetainCount, { metadata, bodies }: Retention): void {
  if (isDeleted) for (const suffix of FILES_OF_A_DATABASE) rmSync(path + suffix, { force: true })
  else {
    withPartition(engine, path, (db) => {
      deleteRequests(db, startOf(metadata))
      removeBodies(db, startOf(bodies))
    })
  }
}

/** Before an empty day there is nothing. */
const startOf = (day: string) => (day === '' ? 0 : firstSecondOf(day))
