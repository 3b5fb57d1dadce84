import { type DayRange, LAST_DAY } from '../../days.ts'
import { daysOfPartition, findPartitions, type PartitionFile } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'

/** The days of a range, the first one first, each with the partitions that may hold its requests. */
export function partitionsByDay(base: string, { since = '', to = LAST_DAY }: DayRange): Map<string, PartitionFile[]> {
  return grouped(findPartitions(base, { since, to }), (file) => {
    return daysOfPartition(file).filter((day) => day >= since && day <= to)
  })
}

/** The same partitions by their first days. */
export function partitionsByFirstDay(base: string, range: DayRange): Map<string, PartitionFile[]> {
  return grouped(findPartitions(base, range), ({ firstDay }) => [firstDay])
}

function grouped(files: PartitionFile[], daysOf: (file: PartitionFile) => string[]): Map<string, PartitionFile[]> {
  const byDay = new Map<string, PartitionFile[]>()
  for (const file of files.reverse()) {
    for (const day of daysOf(file)) byDay.set(day, [...(byDay.get(day) ?? []), file])
  }
  return new Map([...byDay].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Partitions that are open, each in a single state. */
export class OpenPartitions implements Disposable {
  readonly connections: Connection[] = []
  /** Paths of databases that this logdb did not make. */
  readonly foreign: string[] = []

  /** @throws UserError DATABASE_DAMAGED and others, if one of them cannot be read */
  constructor(engine: SqliteEngine, files: readonly PartitionFile[]) {
    try {
      for (const { path } of files) {
        const db = openPartition(engine, path)
        if (db) this.connections.push(db)
        else this.foreign.push(path)
      }
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    for (const db of this.connections) db.close()
  }
}
