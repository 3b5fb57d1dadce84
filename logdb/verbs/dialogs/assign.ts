import { type DayRange, firstSecondOf, lastSecondOf } from '../../days.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions, type PartitionFile } from '../../store/folder/partition-files.ts'
import {
  assignedDialogs,
  changeDialogs,
  clearDialogs,
  type DialogChange,
  type GroupableRequest,
  groupableRequests,
} from '../../store/partition/dialogs.ts'
import { changePartition, openPartition } from '../../store/partition/open-partition.ts'
import { type DamagedPartition, requireReadable, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { PrefixDialogs } from './prefix.ts'
import { PrecedingRuns, WindowDialogs } from './window.ts'

/**
 * Which requests belong together: those without a pause of more than `windowS` seconds, or those that continue the same
 * conversation.
 * @example
 * const grouping: Grouping = { by: 'window', windowS: 1800 }
 */
export type Grouping = { by: 'window'; windowS: number } | { by: 'prefix' }

/**
 * The partitions whose dialogs change.
 * @example
 * const options: DialogsOptions = { out: 'logs/db', since: '2025-09-01', isDryRun: true }
 */
export interface DialogsOptions extends ChangeOptions, DayRange {}

/**
 * The requests of a partition with an assigned dialog.
 * @example
 * const [first]: DialogCount[] = await clearAssignedDialogs({ out: 'logs/db', isDryRun: true })
 */
export interface DialogCount {
  /** Path of the partition. */
  path: string
  /** How many requests have an assigned dialog now, or had one before it was removed. */
  rows: number
  /** Why the partition was skipped, if it is damaged. */
  damage?: string
}

/** Rows with the dialog of each, and those that do not have it yet. */
interface Assignment {
  rows: number
  changes: DialogChange[]
}

type Assign = (db: Connection) => Assignment

/**
 * Assigns a dialog to the requests of the range whose client named none.
 * @returns the partitions of the range in the order of time
 * @throws UserError DATABASE_IN_USE if another process writes and does not end within `waitMs`, and others
 * @example
 * const grouping: Grouping = { by: 'window', windowS: 1800 }
 * for (const { path, rows } of await assignDialogs({ out: 'logs/db', isDryRun: false, grouping })) {
 *   console.log(path, rows)
 * }
 */
export async function assignDialogs(
  options: DialogsOptions & { grouping: Grouping; onPartition?: (done: number, total: number) => void },
): Promise<DialogCount[]> {
  const { out, grouping, isDryRun, onPartition } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    const all = findPartitions(out, {}).reverse()
    const chosen = findPartitions(out, options).reverse()
    const [first] = chosen
    if (!first) return []
    const assign = grouping.by === 'prefix' ? byPrefix(engine, all) : byWindow(engine, all, first, grouping.windowS)
    const counts = chosen.map((file, index) => {
      const counted = countIn(file, () => {
        const found = assignmentIn(engine, file, assign)
        const changes = found?.changes ?? []
        if (!isDryRun && !(found && changes.length === 0)) change(engine, file, (db) => changeDialogs(db, changes))
        return found?.rows ?? 0
      })
      onPartition?.(index + 1, chosen.length)
      return counted
    })
    requireReadable(damagesOf(counts), counts.length)
    return counts
  })
}

/** The partitions that were skipped. */
export function damagesOf(counts: readonly DialogCount[]): DamagedPartition[] {
  return counts.flatMap(({ path, damage }) => (damage === undefined ? [] : [{ path, reason: damage }]))
}

function countIn({ path }: PartitionFile, count: () => number): DialogCount {
  const damaged: DamagedPartition[] = []
  const rows = unlessDamaged(damaged, path, count) ?? 0
  const [damage] = damaged
  return damage ? { path, rows, damage: damage.reason } : { path, rows }
}

function assignmentIn(engine: SqliteEngine, file: PartitionFile, assign: Assign): Assignment | undefined {
  using db = openPartition(engine, file.path)
  return db && assign(db)
}

/**
 * Removes the assigned dialogs from the requests of the range.
 * @returns the partitions of the range in the order of time
 * @throws UserError DATABASE_IN_USE and others
 * @example
 * await clearAssignedDialogs({ out: 'logs/db', since: '2025-09-01', isDryRun: false })
 */
export async function clearAssignedDialogs(options: DialogsOptions): Promise<DialogCount[]> {
  const { out, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    return findPartitions(out, options)
      .reverse()
      .map((file) => {
        return countIn(file, () => {
          const rows = assignedRows(engine, file)
          if (!isDryRun && rows !== 0) change(engine, file, clearDialogs)
          return rows ?? 0
        })
      })
  })
}

/** Undefined for a database that is not ours. */
function assignedRows(engine: SqliteEngine, { path }: PartitionFile): number | undefined {
  using db = openPartition(engine, path)
  return db && assignedDialogs(db)
}

/** To be called only if there is something to change, because it unseals a partition. A database that is not ours is refused. */
function change(engine: SqliteEngine, { path }: PartitionFile, work: (db: Connection) => void): void {
  changePartition(engine, path, (db) => db.inTransaction(() => work(db)))
}

/** The partitions must then be assigned in the order of time. */
function byWindow(engine: SqliteEngine, all: PartitionFile[], first: PartitionFile, windowS: number): Assign {
  const before = partitionsBefore(all, first)
  const runs = new PrecedingRuns(windowS, firstSecondOf(first.firstDay))
  for (const { path, lastDay } of before.reverse()) {
    if (!runs.reachTo(lastSecondOf(lastDay))) break
    unlessDamaged([], path, () => {
      using db = openPartition(engine, path)
      for (const request of db ? groupableRequests(db, 'DESC') : []) runs.add(request)
    })
  }
  const dialogs = new WindowDialogs(windowS, runs.runs())
  return (db) => assignment(groupableRequests(db, 'ASC'), (request) => dialogs.dialogOf(request))
}

function byPrefix(engine: SqliteEngine, all: PartitionFile[]): Assign {
  const dialogs = new PrefixDialogs(engine, all)
  return (db) => {
    const dialogOf = dialogs.in(db)
    return assignment(groupableRequests(db, 'ASC'), dialogOf)
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
