import { statSync } from 'node:fs'
import { logdbError } from '../../error-table.ts'
import type { Retention } from '../control/retention.ts'
import { moveDurably } from '../folder/durable.ts'
import { isCurrentPartition } from '../partition/open-partition.ts'
import { isSealed } from '../partition/seal.ts'
import { foldWal } from '../predecessor/predecessor-database.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'
import { removeDatabase } from '../sqlite/remove-database.ts'
import { hasTextIndex } from '../text-index/text-index.ts'
import { mergePartitions } from './merge-partitions.ts'

/** True for a partition that has messages of an earlier version. @throws UserError */
export function isWrittenEarlier(engine: SqliteEngine, path: string): boolean {
  if (!isCurrentPartition(engine, path)) return true
  using db = engine.openReadonly(path)
  return Number(db.prepareValue('SELECT msg FROM z_msg_form_after').get()) > 0
}

/**
 * Replaces a partition by a sealed one that has the same requests in the form of this version, and proves that first. Nothing
 * changes if it fails. Returns the sizes in bytes.
 * @throws UserError MERGE_UNPROVEN, DATABASE_BUSY while another process reads the partition, DISK_FULL and others
 */
export function rewritePartition(
  engine: SqliteEngine,
  path: string,
  retention: Retention,
): { bytesBefore: number; bytesAfter: number } {
  const bytesBefore = statSync(path).size
  const part = `${path}.part`
  try {
    const rules = { retention, isTextIndexed: isIndexed(engine, path), renamed: new Map() }
    const { problems } = mergePartitions(engine, part, [path], rules)
    if (problems.length > 0) throw unproven(path)
    if (!isSealed(engine, path)) foldWal(engine, path)
    moveDurably(part, path)
    return { bytesBefore, bytesAfter: statSync(path).size }
  } finally {
    removeDatabase(part)
  }
}

function isIndexed(engine: SqliteEngine, path: string): boolean {
  using db = engine.openReadonly(path)
  return hasTextIndex(db)
}

function unproven(path: string) {
  const message = `not every request of ${path} is the same after rewriting`
  return logdbError('MERGE_UNPROVEN', message, 'run logdb verify --deep; nothing was changed')
}
