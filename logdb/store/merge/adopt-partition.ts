import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Retention } from '../control/retention.ts'
import { moveDurably } from '../folder/durable.ts'
import { applyRetention, deleteOtherDays, type Forgotten, forgetAgain } from '../partition/erase.ts'
import { restoreIndexes } from '../partition/indexes/restore-indexes.ts'
import { schemaText, schemaTexts } from '../partition/indexes/schema-texts.ts'
import { changePartition, openWritablePartition } from '../partition/open-partition.ts'
import { supplyMissing } from '../partition/schema/older-versions.ts'
import { PARTITION_SCHEMA } from '../partition/schema/partition-schema.ts'
import { refreshRollups } from '../rollups/rollups.ts'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'
import { openMigrated } from '../sqlite/migrate.ts'
import { dropTextIndex, indexNewMessages } from '../text-index/text-index.ts'
import { compareKnownRows, type KnownRows } from './compare-rows.ts'
import { findConversationRoots } from './conversation-roots.ts'
import { type CopiedRows, copyAttached, withSource } from './copy-rows.ts'
import { openQuickly } from './open-quickly.ts'

/**
 * Makes a partition that came from elsewhere one of the current version, without a text index.
 * @returns why it cannot be used: it is damaged, or has a table, view or trigger that is not ours
 * @throws UserError
 */
export function adoptPartition(engine: SqliteEngine, path: string): string | undefined {
  const reason = damageOf(engine, path) ?? restoreIndexes(engine, path, () => openQuickly(engine, path))
  if (reason !== undefined) return reason
  const db = openWritablePartition(engine, path)
  try {
    db.pragma('synchronous = OFF') // a copy that is not complete is never used
    dropTextIndex(db)
    db.exec('DROP TABLE IF EXISTS z_unfinished_erasure')
    const isOwn = schemaText(schemaTexts(db)) === ownSchema(engine)
    return isOwn ? undefined : 'has other tables than a partition of this logdb'
  } finally {
    closeCheckpointed(db)
  }
}

/** Before indexes are made of the rows, which takes less time than to check them. */
function damageOf(engine: SqliteEngine, path: string): string | undefined {
  using db = openQuickly(engine, path)
  const state = db.pragma('quick_check')
  return state === 'ok' ? undefined : `is damaged: ${state}`
}

function ownSchema(engine: SqliteEngine): string {
  using db = openMigrated(engine, ':memory:', PARTITION_SCHEMA)
  return schemaText(schemaTexts(db))
}

/** Compares the requests of a partition that came from elsewhere with a stored one, which is not changed. @throws UserError */
export function compareWithStored(engine: SqliteEngine, path: string, stored: string): KnownRows {
  using db = engine.openReadonly(stored)
  supplyMissing(db)
  return withSource(db, path, () => compareKnownRows(db))
}

/**
 * Adds the requests of a partition that came from elsewhere to a stored one, in one transaction; and what that one has
 * forgotten is removed. Returns how many were added, and how many removed.
 * @throws UserError
 */
export function addToStored(
  engine: SqliteEngine,
  path: string,
  { stored, isTextIndexed }: { stored: string; isTextIndexed: boolean },
): CopiedRows & { forgotten: number } {
  return changePartition(engine, stored, (db) => {
    const copied = withSource(db, path, () => {
      return db.inTransaction(() => {
        const found = copyAttached(db, new Map())
        findConversationRoots(db)
        if (isTextIndexed) indexNewMessages(db)
        return found
      })
    })
    const forgotten = forgetAgain(db, [])
    db.inTransaction(() => refreshRollups(db))
    return { ...copied, forgotten }
  })
}

/** Puts a partition that came from elsewhere where none is stored yet. It is there completely or not at all. @throws UserError */
export function placePartition(
  engine: SqliteEngine,
  path: string,
  { stored, isTextIndexed }: { stored: string; isTextIndexed: boolean },
): void {
  const db = openWritablePartition(engine, path)
  try {
    db.inTransaction(() => {
      if (isTextIndexed) indexNewMessages(db)
      refreshRollups(db)
    })
  } finally {
    closeCheckpointed(db)
  }
  mkdirSync(dirname(stored), { recursive: true })
  moveDurably(path, stored)
}

/** What must not come in. */
export interface LeftOut {
  /** Days that are taken; undefined for all. */
  days: readonly string[] | undefined
  retention: Retention
  /** What is forgotten here. */
  forgotten: readonly Forgotten[]
}

/** Removes it from a partition that came from elsewhere. Returns how many requests are left, and were removed. */
export function leaveOut(
  engine: SqliteEngine,
  path: string,
  { days, retention, forgotten }: LeftOut,
): { rows: number; tooOld: number; forgotten: number } {
  return changePartition(engine, path, (db) => {
    if (days) deleteOtherDays(db, days)
    const tooOld = applyRetention(db, retention)
    const removed = forgotten.length === 0 ? 0 : forgetAgain(db, forgotten)
    db.exec('DROP TABLE IF EXISTS z_unfinished_erasure')
    const rows = Number(db.prepareValue('SELECT count(*) FROM z_req').get())
    return { rows, tooOld, forgotten: removed }
  })
}

/** A date is made only for each day, since that takes longer than all the rest. */
const DAYS = `
  SELECT date(begin, 'unixepoch') FROM (SELECT DISTINCT ts - (ts % 86400 + 86400) % 86400 AS begin FROM z_req) ORDER BY begin`

/** UTC days of its requests, YYYY-MM-DD. */
export function daysIn(engine: SqliteEngine, path: string): string[] {
  using db = engine.openReadonly(path)
  return db.prepareValue<[], string>(DAYS).all()
}
