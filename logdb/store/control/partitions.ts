import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isoDay } from '../../../kit/time.ts'
import { nowWholeS } from '../../days.ts'
import { logdbError } from '../../error-table.ts'
import { findPartitions } from '../folder/partition-files.ts'
import { type DamagedPartition, unlessDamaged } from '../sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { beginIfNeeded, openControl } from './open-control.ts'

/** Notes that a partition has rows, in the transaction that the next commit ends. To be used on control.sqlite3. */
export function notePartition(db: Connection, base: string, path: string): void {
  beginIfNeeded(db)
  db.prepare<[string]>('INSERT INTO partitions (path) VALUES (?) ON CONFLICT DO NOTHING').run(relative(base, path))
}

/** Notes all partitions that are present. */
export function notePartitions(db: Connection, base: string, isPartition: (path: string) => boolean): void {
  const known = new Set(notedPartitions(db).map(({ name }) => name))
  for (const { path } of findPartitions(base, {})) {
    if (known.has(relative(base, path))) continue
    if (unlessDamaged([], path, () => isPartition(path))) notePartition(db, base, path)
  }
}

/** For a partition that is deleted on purpose. */
export function forgetPartition(db: Connection, base: string, path: string): void {
  db.prepare<[string]>('DELETE FROM partitions WHERE path = ?').run(relative(base, path))
}

/** Paths of the partitions that have had rows. To be used on control.sqlite3, also of an earlier version. */
export function partitionsWithRows(db: Connection, base: string): Set<string> {
  return new Set(notedPartitions(db).map(({ name }) => join(base, name)))
}

/** Partitions with rows that are gone or empty. To be used on control.sqlite3, also of an earlier version. */
export function lostPartitions(db: Connection, base: string): DamagedPartition[] {
  return notedPartitions(db).flatMap(({ name, lostTs }) => {
    const path = join(base, name)
    const reason = reasonOf(statSync(path, { throwIfNoEntry: false })?.size, lostTs)
    return reason === undefined ? [] : [{ path, reason }]
  })
}

function reasonOf(sizeBytes: number | undefined, lostTs: number | null): string | undefined {
  if (sizeBytes === undefined) return 'the partition is gone, although it had rows'
  if (sizeBytes === 0) return 'the partition is empty, although it had rows'
  if (lostTs === null) return undefined
  return `rows are missing, because the partition was gone or empty on ${isoDay(lostTs * 1000)} and a new one was made`
}

interface NotedPartition {
  name: string
  lostTs: number | null
}

function notedPartitions(db: Connection): NotedPartition[] {
  const hasTable = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'partitions'").get() !== undefined
  if (!hasTable) return []
  return db.prepare<[], NotedPartition>('SELECT path AS name, lost_ts AS lostTs FROM partitions ORDER BY path').all()
}

/** To be called before a partition is made, in the transaction that the next commit ends: rows are missing if it is lost. */
export function noteIfLost(db: Connection, base: string, path: string): void {
  if (!lostPartitions(db, base).some((one) => one.path === path)) return
  beginIfNeeded(db)
  db.prepare<[number, string]>('UPDATE partitions SET lost_ts = ? WHERE path = ? AND lost_ts IS NULL').run(
    nowWholeS(),
    relative(base, path),
  )
}

/** An empty partition in place of a lost one would hide that rows are missing. @throws UserError PARTITION_LOST */
export function requirePresent(engine: SqliteEngine, base: string, path: string): void {
  using db = openControl(engine, base)
  const found = db && lostPartitions(db, base).find((one) => one.path === path)
  if (!found) return
  const hint =
    'restore it from a backup, or run: logdb reapply && logdb ingest, which reads its logs again where they still exist'
  throw logdbError('PARTITION_LOST', `${path}: ${found.reason}; no new one is made in its place`, hint)
}
