import type { DayRange } from '../../store/control/control.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions, firstSecondOf, lastSecondOf, type PartitionFile } from '../../store/folder/partition-files.ts'
import {
  assignedDialogs,
  changeDialogs,
  clearDialogs,
  type DialogChange,
  type GroupableRequest,
  groupableRequests,
} from '../../store/partition/dialogs.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import { withPartition } from '../../store/rows/partition.ts'
import { type Connection, inTransaction, loadSqlite, type SqliteEngine } from '../../store/sqlite/open.ts'
import { dialogsByRoot } from './prefix.ts'
import { PrecedingRuns, WindowDialogs } from './window.ts'

/** Which requests belong together: those without a longer pause, or those that go on from the same conversation. */
export type Grouping = { by: 'window'; windowS: number } | { by: 'prefix' }

export interface DialogsOptions extends ChangeOptions, DayRange {}

/** How many rows of a partition have an assigned dialog now, or had one before it was cleared. */
export interface DialogCount {
  path: string
  rows: number
}

/** Rows with the dialog of each, and those that do not have it yet. */
interface Assignment {
  rows: number
  changes: DialogChange[]
}

/** Assigns a dialog to the requests of the range for which the client named none. @throws UserError */
export async function assignDialogs(options: DialogsOptions & { grouping: Grouping }): Promise<DialogCount[]> {
  const { out, grouping, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    const all = findPartitions(out, {}).reverse()
    const chosen = findPartitions(out, options).reverse()
    const [first] = chosen
    if (!first) return []
    const assign = grouping.by === 'prefix' ? byPrefix(engine, all) : byWindow(engine, all, first, grouping.windowS)
    return chosen.map((file) => {
      const found = readPartition(engine, file.path, (db) => assign(db, file))
      const changes = found?.changes ?? []
      if (!isDryRun && !(found && changes.length === 0)) change(engine, file, (db) => changeDialogs(db, changes))
      return { path: file.path, rows: found?.rows ?? 0 }
    })
  })
}

/** Takes the assigned dialogs away from the requests of the range. @throws UserError */
export async function clearAssignedDialogs(options: DialogsOptions): Promise<DialogCount[]> {
  const { out, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    return findPartitions(out, options)
      .reverse()
      .map((file) => {
        const rows = readPartition(engine, file.path, assignedDialogs)
        if (!isDryRun && rows !== 0) change(engine, file, clearDialogs)
        return { path: file.path, rows: rows ?? 0 }
      })
  })
}

/** Only where there is something to change, since it opens a sealed partition; one that is not ours is refused. */
function change(engine: SqliteEngine, { path }: PartitionFile, work: (db: Connection) => void): void {
  withPartition(engine, path, (db) => inTransaction(db, () => work(db)))
}

/** Partitions have to come in the order of time. */
function byWindow(engine: SqliteEngine, all: PartitionFile[], first: PartitionFile, windowS: number) {
  const before = partitionsBefore(all, first)
  const runs = new PrecedingRuns(windowS, firstSecondOf(first.firstDay))
  for (const { path, lastDay } of before.reverse()) {
    if (!runs.reachTo(lastSecondOf(lastDay))) break
    readPartition(engine, path, (db) => {
      for (const request of groupableRequests(db, 'DESC')) runs.add(request)
    })
  }
  const dialogs = new WindowDialogs(windowS, runs.runs())
  return (db: Connection) => assignment(groupableRequests(db, 'ASC'), (request) => dialogs.dialogOf(request))
}

function byPrefix(engine: SqliteEngine, all: PartitionFile[]) {
  return (db: Connection, file: PartitionFile) => {
    const dialogs = dialogsByRoot(engine, db, partitionsBefore(all, file))
    return assignment(groupableRequests(db, 'ASC'), ({ root }) => dialogs.get(root ?? 0) ?? null)
  }
}

function partitionsBefore(all: PartitionFile[], { path }: PartitionFile): PartitionFile[] {
  return all.slice(
    0,
    all.findIndex((file) => file.path === path),
  )
}

function assignment(
  requests: Iterable<GroupableRequest>,
  dialogOf: (request: GroupableRequest) => string | null,
): Assignment {
  const assigned: Assignment = { rows: 0, changes: [] }
  for (const request of requests) {
    const dialogId = dialogOf(request)
    if (dialogId !== null) assigned.rows++
    if (dialogId !== request.dialogId) assigned.changes.push({ row: request.row, dialogId })
  }
  return assigned
}
