import { rmSync } from 'node:fs'
import { UserError } from '../../../kit/user-error.ts'
import { controlPath, withControl } from '../../store/control/control.ts'
import { isOwnControl } from '../../store/control/open-control.ts'
import { findPartitions, listFiles } from '../../store/folder/partition-files.ts'
import { finishErasure, hasUnfinishedErasure } from '../../store/partition/erase.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import { withPartition } from '../../store/rows/partition.ts'
import { compact, EXIT_IN_USE, type SqliteEngine } from '../../store/sqlite/open.ts'

/** What a `seal` leaves that was killed. */
const HALF_COPY = /\.sqlite3\.part(-journal)?$/

/**
 * Leaves no byte of what was erased in a log database, also of what runs before erased that were killed or had to leave
 * it to readers. To be called with the lease. @throws UserError ERASURE_UNFINISHED
 */
export function finishErasures(engine: SqliteEngine, base: string): void {
  for (const path of listFiles(base)) if (HALF_COPY.test(path)) rmSync(path, { force: true })
  const unfinished = findPartitions(base, {}).filter(({ path }) => readPartition(engine, path, hasUnfinishedErasure))
  const held = unfinished.map(({ path }) => path).filter((path) => !withPartition(engine, path, finishErasure))
  if (!isControlCompact(engine, base)) held.push(controlPath(base))
  if (held.length > 0) throw erasureUnfinished(held)
}

/** control.sqlite3 may hold the beginning of a record that could not be read at first. */
function isControlCompact(engine: SqliteEngine, base: string): boolean {
  if (!isOwnControl(engine, base)) return true
  return withControl(engine, base, compact)
}

function erasureUnfinished(paths: string[]): UserError {
  return new UserError(
    'ERASURE_UNFINISHED',
    `the requests are removed, but somebody who reads the database keeps bytes of them in:\n${paths.join('\n')}`,
    { hint: 'end who reads it and run the command again', exitCode: EXIT_IN_USE },
  )
}
