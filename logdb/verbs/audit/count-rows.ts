import { hasForgotten, hasRetention, readGaps, readLedgers, recordPlaces } from '../../store/control/ledger.ts'
import { readControl } from '../../store/control/open-control.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import type { SqliteEngine } from '../../store/sqlite/open.ts'

export interface CountedRows {
  /** Bytes of the records that there are rows of, by the id of their source. */
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
 * Counts what the partitions hold of each source. Rows that a killed run had committed and not yet booked do not count:
 * they lie behind the source's position or in a gap, and the next ingest recognises them.
 */
export function countRows(engine: SqliteEngine, base: string): CountedRows {
  const parts = readControl(engine, base, readParts) ?? new Map<string, ReadPart>()
  const bytesOf = new Map<number, number>()
  let wereRemoved = readControl(engine, base, hasRetention) ?? false
  for (const { path } of findPartitions(base, {})) {
    readPartition(engine, path, (db) => {
      wereRemoved ||= hasForgotten(db)
      for (const { key, offset, length } of recordPlaces(db)) {
        const part = parts.get(key)
        if (part && isBooked(offset, part)) bytesOf.set(part.id, (bytesOf.get(part.id) ?? 0) + length)
      }
    })
  }
  return { bytesOf, wereRemoved }
}

function readParts(db: Parameters<typeof readLedgers>[0]): Map<string, ReadPart> {
  const gaps = readGaps(db)
  const parts = readLedgers(db).map(({ id, key, offset }) => {
    return [key, { id, offset, gaps: gaps.filter(({ source }) => source === id) }] as const
  })
  return new Map(parts)
}

const isBooked = (offset: number, part: ReadPart) =>
  offset < part.offset && !part.gaps.some(({ start, end }) => start <= offset && offset < end)
