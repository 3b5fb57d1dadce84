import { rmSync } from 'node:fs'
import { logdbError } from '../../error-table.ts'
import { changeControl, controlPath, isOwnControl } from '../../store/control/open-control.ts'
import { findAllPartitions, listFiles } from '../../store/folder/partition-files.ts'
import { finishErasure, hasUnfinishedErasure } from '../../store/partition/erase.ts'
import { changePartition, openPartition } from '../../store/partition/open-partition.ts'
import { compact } from '../../store/sqlite/compact.ts'
import { unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { filterPath } from '../../store/word-filter/filter-file.ts'
import { removeOutdatedFilters } from '../../store/word-filter/update-filters.ts'

/** What a killed `seal` or `merge` leaves. */
const HALF_COPY = /\.sqlite3(\.source)?(\.part)+(-journal|-wal|-shm)?$/

/**
 * Removes every byte of what was erased from the files of a log database. That includes what earlier runs erased that were
 * killed or found the files in use. To be called with the lease.
 * @throws UserError ERASURE_UNFINISHED
 */
export function finishErasures(engine: SqliteEngine, base: string): void {
  for (const path of listFiles(base)) if (HALF_COPY.test(path)) rmSync(path, { force: true })
  const paths = findAllPartitions(base, {}).map(({ path }) => path)
  const unfinished = paths.filter((path) => unlessDamaged([], path, () => isUnfinished(engine, path)))
  const held = unfinished.filter((path) => !changePartition(engine, path, finishErasure))
  if (!isControlCompact(engine, base)) held.push(controlPath(base))
  if (!removeOutdatedFilters(engine, base)) held.push(filterPath(base))
  if (held.length > 0) throw erasureUnfinished(held)
}

/** True if bytes of what an earlier run erased remain. */
export function isErasureUnfinished(engine: SqliteEngine, base: string): boolean {
  return findAllPartitions(base, {}).some(({ path }) => unlessDamaged([], path, () => isUnfinished(engine, path)))
}

function isUnfinished(engine: SqliteEngine, path: string): boolean {
  using db = openPartition(engine, path)
  return db !== undefined && hasUnfinishedErasure(db)
}

/** control.sqlite3 may hold the beginning of a record that could not be read at first. */
function isControlCompact(engine: SqliteEngine, base: string): boolean {
  if (!isOwnControl(engine, base)) return true
  return changeControl(engine, base, compact)
}

function erasureUnfinished(paths: string[]) {
  const message = `the requests are removed, but another process is reading the database, so deleted bytes remain in:\n${paths.join('\n')}`
  return logdbError('ERASURE_UNFINISHED', message, 'stop that process and run the command again')
}
