import { errorMessage } from '../../kit/user-error.ts'
import type { DayRange } from '../days.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { openPartition } from '../store/partition/open-partition.ts'
import {
  checkDeeply,
  checkPartition,
  type DeepCheck,
  type PartitionCheck,
} from '../store/partition/verify-partition.ts'
import type { SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'

export interface VerifyOptions extends DayRange {
  /** Folder of the log database. */
  out: string
  /** Also recompute every id from the stored data. */
  isDeep: boolean
}

export interface VerifiedPartition extends PartitionCheck {
  path: string
  deep?: DeepCheck
}

/** Checks every partition of the range; one that cannot be read has a problem that says so. @throws UserError */
export async function verify(options: VerifyOptions): Promise<VerifiedPartition[]> {
  const engine = await loadSqlite()
  return findPartitions(options.out, options)
    .reverse()
    .map(({ path }) => verifyPartition(engine, path, options.isDeep))
}

function verifyPartition(engine: SqliteEngine, path: string, isDeep: boolean): VerifiedPartition {
  try {
    using db = openPartition(engine, path)
    if (!db) return { path, rows: 0, problems: ['was not made by this logdb: logdb convert'] }
    const check = checkPartition(db)
    if (!isDeep || check.problems.length > 0) return { path, ...check }
    const deep = checkDeeply(db)
    return { path, ...check, deep, problems: deep.problems }
  } catch (error) {
    return { path, rows: 0, problems: [errorMessage(error)] }
  }
}
