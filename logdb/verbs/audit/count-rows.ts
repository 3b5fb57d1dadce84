import { readGaps, readLedgers } from '../../store/control/ledger.ts'
import { openControl } from '../../store/control/open-control.ts'
import { removesOldRequests } from '../../store/control/retention.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { hasForgotten, recordPlaces } from '../../store/partition/requests.ts'
import { unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'

export interface CountedRows {
  /** Bytes of the records that have rows, by the id of their source. */
  bytesOf: Map<number, number>
  /** True if requests were forgotten or have reached the end of their retention. */
  wereRemoved: boolean
}

interface ReadPart {
  id: number
  offset: number
  gaps: { start: number; end: number }[]
}

/**
 * Adds up what the partitions hold of each source. Rows that a killed run had committed but not booked are left out: they
 * lie after the source's position or in a gap, and the next ingest recognises them.
 * @throws UserError
 */
export function countRows(engine: SqliteEngine, base: string): CountedRows {
  using control = openControl(engine, base)
  const parts = control ? readParts(control) : new Map<string, ReadPart>()
  const bytesOf = new Map<number, number>()
  let wereRemoved = control !== undefined && removesOldRequests(control)
  const count = (path: string) => {
    using db = openPartition(engine, path)
    if (!db) return
    wereRemoved ||= hasForgotten(db)
    for (const { key, offset, length } of recordPlaces(db)) {
      const part = parts.get(key)
      if (part && isBooked(offset, part)) bytesOf.set(part.id, (bytesOf.get(part.id) ?? 0) + length)
    }
  }
  for (const { path } of findPartitions(base, {})) unlessDamaged([], path, () => count(path))
  return { bytesOf, wereRemoved }
}

function readParts(db: Connection): Map<string, ReadPart> {
  const gaps = readGaps(db)
  const parts = readLedgers(db).map(({ id, key, offset }) => {
    return [key, { id, offset, gaps: gaps.filter(({ source }) => source === id) }] as const
  })
  return new Map(parts)
}

function isBooked(offset: number, part: ReadPart): boolean {
  return offset < part.offset && !part.gaps.some(({ start, end }) => start <= offset && offset < end)
}
