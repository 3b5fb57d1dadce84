import { errorMessage } from '../../kit/user-error.ts'
import type { DayRange } from '../store/control/control.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { readPartition } from '../store/partition/open-partition.ts'
import {
  checkDeeply,
  checkPartition,
  type DeepCheck,
  type PartitionCheck,
} from '../store/partition/verify-partition.ts'
import { loadSqlite, type SqliteEngine } from '../store/sqlite/open.ts'

export interface VerifyOptions extends DayRange {
  /** Folder of the log database. */
  out: string
  /** Also derives every id anew from what is stored. */
  isDeep: boolean
}

export interface VerifiedPartition extends PartitionCheck {
  path: string
  deep?: DeepCheck
}

/** Checks every partition of the range; one that cannot be read is a problem of its own. @throws UserError */
export async function verify(options: VerifyOptions): Promise<VerifiedPartition[]> {
  const engine = await loadSqlite()
  return findPartitions(options.out, options)
    .reverse()
    .map(({ path }) => verifyPartition(engine, path, options.isDeep))
}

function verifyPartition(engine: SqliteEngine, path: string, isDeep: boolean): VerifiedPartition {
  try {
    const found = readPartition(engine, path, (db): VerifiedPartition => {
      const check = checkPartition(db)
      if (!isDeep || check.problems.length > 0) return { path, ...check }
      const deep = checkDeeply(db)
      return { path, ...check, deep, problems: deep.problems }
    })
    return found ?? { path, rows: 0, problems: ['was not made by this logdb: logdb convert'] }
  } catch (error) {
    return { path, rows: 0, problems: [errorMessage(error)] }
  }
}
