import { statSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { type DayRange, firstSecondOf, LAST_DAY, lastSecondOf, timesWithin } from '../../days.ts'
import { requireFreeBytes } from '../../store/folder/free-space.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { isPartition } from '../../store/partition/open-partition.ts'
import { findOldDatabases, IS_CONVERTED, IS_CONVERTING } from '../../store/predecessor/old-databases.ts'
import { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import type { DatabaseFacts } from '../../store/snapshot/database-facts.ts'
import { snapshotOldDatabase } from '../../store/snapshot/old-snapshot.ts'
import { snapshotPartition } from '../../store/snapshot/partition-snapshot.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { type BundleFile, DATABASES } from '../format/manifest.ts'

/** A database with requests of the days that are bundled. */
export interface BundledDatabase {
  path: string
  /** Path in the bundle. */
  member: string
  /** Writes what it holds of these days to a new file. */
  snapshot(copy: string): DatabaseFacts
  format: 'v1' | 'v2'
}

/** Every partition that may hold requests of the range, and every database of the predecessor that does, by path. */
export function databasesWithin(engine: SqliteEngine, base: string, range: DayRange): BundledDatabase[] {
  const memberOf = (path: string) => DATABASES + relative(base, path).split(sep).join('/')
  const partitions = findPartitions(base, range)
    .filter(({ path }) => isPartition(engine, path))
    .map((file): BundledDatabase => {
      const { path } = file
      const snapshot = (copy: string) => snapshotPartition(engine, { path, copy }, timesWithin(file, range))
      return { path, member: memberOf(path), snapshot, format: 'v2' }
    })
  const times = { sinceS: range.since ? firstSecondOf(range.since) : 0, toS: lastSecondOf(range.to ?? LAST_DAY) }
  const old = findOldDatabases(engine, base)
    .filter((path) => !IS_CONVERTED.test(path))
    .filter((path) => {
      using db = new PredecessorDatabase(engine, path)
      return db.hasWithin(times)
    })
    .map((path): BundledDatabase => {
      const snapshot = (copy: string) => snapshotOldDatabase(engine, { path, copy }, times)
      return { path, member: memberOf(path.replace(IS_CONVERTING, '')), snapshot, format: 'v1' }
    })
  return [...partitions, ...old].sort((a, b) => (a.member < b.member ? -1 : 1))
}

/** Makes the copy of a database that goes into the bundle. What it does not say of it is its bytes. @throws UserError */
export function takeSnapshot(database: BundledDatabase, copy: string): Omit<BundleFile, 'sha256' | 'bytes'> {
  requireFreeBytes(dirname(copy), 2 * statSync(database.path).size, `a copy of ${database.path}`)
  const { rows, minTs, maxTs, idsSha256 } = database.snapshot(copy)
  return {
    path: database.member,
    format: database.format,
    rows,
    min_ts: minTs,
    max_ts: maxTs,
    ids_sha256: idsSha256,
  }
}
