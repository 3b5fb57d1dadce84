import { withPartition } from '../rows/partition.ts'
import type { SqliteEngine } from '../sqlite/open.ts'
import {
  buildTextIndex,
  countIndexable,
  hasTextIndex,
  type IndexCounts,
  unindexedMessages,
} from '../text-index/text-index.ts'
import { readPartition } from './open-partition.ts'

/** Brings the text index of a partition up to date. One that is so already is only read, and a sealed one stays sealed. */
export function buildIndexOf(engine: SqliteEngine, path: string): IndexCounts {
  const counts = readPartition(engine, path, (db) => {
    return hasTextIndex(db) && unindexedMessages(db) === 0 ? countIndexable(db) : undefined
  })
  return counts ?? withPartition(engine, path, buildTextIndex)
}
