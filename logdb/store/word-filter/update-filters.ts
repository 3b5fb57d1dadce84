import { join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../../kit/user-error.ts'
import { openPartition } from '../partition/open-partition.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { hasTextIndex, hasTokenizers, TEXT_INDEXES, unindexedMessages } from '../text-index/text-index.ts'
import { msUntilSettled, stampOf } from './file-stamp.ts'
import { changeFilters, FILTER_KIND, hasFilters, removeFilters, storedFilters } from './filter-file.ts'
import { GatheredWords, hashOf, type WordTable } from './word-bits.ts'

/** Of a partition with more words the filter would be large, and opening it is a small part of searching it. */
const MAX_WORDS = 8_000_000

/**
 * Makes filters of the partitions that have none, or one that is older than the file. To be called with the lease, so that no
 * other logdb writes meanwhile. A problem is not an error: searches only take longer.
 * @param base folder of the log database
 */
export async function updateFilters(engine: SqliteEngine, base: string, paths: readonly string[]): Promise<void> {
  await setTimeout(Math.max(0, ...paths.map((path) => msUntilSettled(path) ?? 0)))
  try {
    changeFilters(engine, base, (db) => {
      const filters = storedFilters(db)
      for (const path of paths) {
        const isCurrent = filters.get(relative(base, path))?.stamp === stampOf(path)
        if (!isCurrent && msUntilSettled(path) === 0) updateFilter(engine, db, base, path)
      }
      deleteOutdated(db, base)
    })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
}

/**
 * Removes what is known of partitions that have changed since. A filter can tell whether a text held a word.
 * @returns false if they stay in the file for now, because another process reads it
 */
export function removeOutdatedFilters(engine: SqliteEngine, base: string): boolean {
  if (!hasFilters(base)) return true
  try {
    changeFilters(engine, base, (db) => deleteOutdated(db, base))
    return true
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return removeFilters(base)
  }
}

function deleteOutdated(db: Connection, base: string): void {
  const present = db.prepare<[], { path: string; stamp: string }>('SELECT path, stamp FROM filter').all()
  const outdated = present.filter(({ path, stamp }) => stamp !== stampOf(join(base, path)))
  db.inTransaction(() => {
    for (const { path } of outdated) deleteFilter(db, path)
  })
}

function updateFilter(engine: SqliteEngine, db: Connection, base: string, path: string): void {
  const stamp = stampOf(path)
  const words = wordsOf(engine, path)
  if (words === undefined || stamp === undefined || stamp !== stampOf(path)) return
  db.inTransaction(() => {
    deleteFilter(db, relative(base, path))
    insertFilter(db, { path: relative(base, path), stamp, blocks: words.inBlocks() })
  })
}

/** Undefined for a partition that cannot be read: each search opens it and reports why. */
function wordsOf(engine: SqliteEngine, path: string): GatheredWords | undefined {
  try {
    return wordsIn(engine, path)
  } catch {
    return undefined
  }
}

/** Undefined for a partition whose index does not say which words it has. */
function wordsIn(engine: SqliteEngine, path: string): GatheredWords | undefined {
  using db = openPartition(engine, path)
  if (!db || !hasTextIndex(db) || !hasTokenizers(db) || unindexedMessages(db) > 0) return undefined
  const words = new GatheredWords()
  for (const [table, name] of Object.entries(TEXT_INDEXES) as [WordTable, string][]) {
    db.exec(`CREATE VIRTUAL TABLE temp.all_of_${name} USING fts5vocab ('main', '${name}', 'row')`)
    for (const word of db.prepareValue<[], string>(`SELECT term FROM temp.all_of_${name}`).iterate()) {
      if (words.count === MAX_WORDS) return undefined
      words.add(hashOf(table, word))
    }
  }
  return words
}

interface NewFilter {
  path: string
  stamp: string
  blocks: readonly Buffer[]
}

function insertFilter(db: Connection, { path, stamp, blocks }: NewFilter): void {
  const firstBlock = Number(db.prepareValue('SELECT COALESCE(max(id), 0) + 1 FROM block').get())
  const insert = db.prepare<[number, Buffer]>('INSERT INTO block VALUES (?, ?)')
  for (const [index, bits] of blocks.entries()) insert.run(firstBlock + index, bits)
  const note = db.prepare<[string, string, string, number, number]>('INSERT INTO filter VALUES (?, ?, ?, ?, ?)')
  note.run(path, stamp, FILTER_KIND, firstBlock, blocks.length)
}

function deleteFilter(db: Connection, path: string): void {
  const blocks = 'SELECT block.id FROM filter JOIN block ON block.id BETWEEN first_block AND first_block + blocks - 1'
  db.prepare<[string]>(`DELETE FROM block WHERE id IN (${blocks} WHERE path = ?)`).run(path)
  db.prepare<[string]>('DELETE FROM filter WHERE path = ?').run(path)
}
