import type { SqliteEngine } from '../sqlite/engine.ts'
import {
  buildTextIndex,
  countIndexable,
  hasTextIndex,
  type IndexCounts,
  unindexedMessages,
} from '../text-index/text-index.ts'
import { changePartition, openPartition } from './open-partition.ts'

/** Brings the text index of a partition up to date. A partition with a current index is only read: a sealed one stays sealed. */
export function buildIndexOf(engine: SqliteEngine, path: string): IndexCounts {
  return countsIfCurrent(engine, path) ?? changePartition(engine, path, buildTextIndex)
}

function countsIfCurrent(engine: SqliteEngine, path: string): IndexCounts | undefined {
  using db = openPartition(engine, path)
  return db && hasTextIndex(db) && unindexedMessages(db) === 0 ? countIndexable(db) : undefined
}
