import { existsSync } from 'node:fs'
import { logdbError } from '../../error-table.ts'
import type { LogdbSettings } from '../../settings.ts'
import { changeControl } from '../../store/control/open-control.ts'
import { notePartition } from '../../store/control/partitions.ts'
import type { Retention } from '../../store/control/retention.ts'
import { addToStored, compareWithStored, leaveOut, placePartition } from '../../store/merge/adopt-partition.ts'
import { deleteById, readForgotten } from '../../store/partition/erase.ts'
import { changePartition, isPartition } from '../../store/partition/open-partition.ts'
import { isSealed } from '../../store/partition/seal.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import type { ImportReport } from './import-report.ts'

/** The log database that a bundle goes into. */
export interface Receiver {
  out: string
  settings: LogdbSettings
  retention: Retention
  /** Folder for files that are not complete. */
  staging: string
  isDryRun: boolean
}

interface Part {
  /** Path of a partition that came from elsewhere, and is used up. */
  part: string
  /** Path of the partition that its requests belong to, whether it exists or not. */
  stored: string
  /** Its days that belong there; undefined for all. */
  days: string[] | undefined
}

const NOTHING_KNOWN = { known: 0, restorable: 0, forgottenThere: 0, conflicting: [] }

/** Adds the requests of a part to the stored partition. @throws UserError */
export function importInto(
  engine: SqliteEngine,
  { part, stored, days }: Part,
  receiver: Receiver,
  report: ImportReport,
): void {
  const isStored = existsSync(stored)
  if (isStored && !isPartition(engine, stored)) throw foreign(stored)
  const known = isStored ? readForgotten(engine, stored) : []
  const left = leaveOut(engine, part, { days, retention: receiver.retention, forgotten: known })
  report.tooOld += left.tooOld
  report.forgotten += left.forgotten
  const found = isStored ? compareWithStored(engine, part, stored) : NOTHING_KNOWN
  const { restorable, conflicting } = found
  const news = left.rows - found.known + restorable
  report.imported += news
  report.identical += found.known - restorable - conflicting.length
  report.conflicting.push(...conflicting)
  if (receiver.isDryRun) {
    report.removed += found.forgottenThere
    return
  }
  if (conflicting.length > 0) changePartition(engine, part, (db) => deleteById(db, conflicting))
  const isForgotten = new Set(known.map(({ requestId }) => requestId))
  const hasTombstones = readForgotten(engine, part).some(({ requestId }) => !isForgotten.has(requestId))
  if (news > 0 || hasTombstones) store(engine, { part, stored }, receiver, report)
  // Also after a run that was killed before it could note it.
  if (existsSync(stored))
    changeControl(engine, receiver.out, (db) => db.inTransaction(() => notePartition(db, receiver.out, stored)))
}

function store(
  engine: SqliteEngine,
  { part, stored }: Omit<Part, 'days'>,
  { settings }: Receiver,
  report: ImportReport,
): void {
  const options = { stored, isTextIndexed: settings.isTextIndexEnabled }
  report.partitions.push(stored)
  if (!existsSync(stored)) {
    placePartition(engine, part, options)
    return
  }
  if (isSealed(engine, stored)) report.unsealed.push(stored)
  report.removed += addToStored(engine, part, options).forgotten
}

function foreign(path: string) {
  const hint = 'if the predecessor made it, run: logdb convert; otherwise name another folder with --dest'
  return logdbError('DATABASE_FOREIGN', `${path} was not made by this logdb and is not changed`, hint)
}
