import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../../kit/sha256.ts'
import { UserError } from '../../../kit/user-error.ts'
import { isDamage } from '../sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { PAIRS_TOKENIZER, TOKENIZER } from '../text-index/text-index.ts'

/**
 * word-filters.db says which words a partition certainly does not have, so that a search need not open it. It can be
 * deleted at any time: searches only take longer then. It is not a part of control.sqlite3, because it is read where nothing
 * can be written, and because a program that does not know it must still be able to read that file.
 *
 * A filter is a Bloom filter in blocks: a word sets some bits of one of them. `stamp` is that of the partition when the filter
 * was made, and `kind` says how words were cut and their bits chosen.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS filter (
  path TEXT PRIMARY KEY, stamp TEXT NOT NULL, kind TEXT NOT NULL, first_block INTEGER NOT NULL, blocks INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS block (
  id INTEGER PRIMARY KEY, bits BLOB NOT NULL
) STRICT;
`
const FORMAT = 1
export const FILTER_KIND = `${FORMAT} ${sha256(`${TOKENIZER}\n${PAIRS_TOKENIZER}`).slice(0, 16)}`
const BUSY_TIMEOUT_MS = 5000

/** A filter of the present kind. */
export interface StoredFilter {
  /** Path of the partition, below the folder of the log database. */
  path: string
  stamp: string
  firstBlock: number
  blocks: number
}

/** @param base folder of the log database, here and below */
export function filterPath(base: string): string {
  return join(base, 'word-filters.db')
}

export function hasFilters(base: string): boolean {
  return existsSync(filterPath(base))
}

/**
 * Runs `work` with the filters open for writing. A file that cannot be used is deleted and made again. What is deleted leaves
 * no bytes behind, because a filter can tell whether a text held a word.
 * @throws UserError
 */
export function changeFilters<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T {
  const path = filterPath(base)
  try {
    return withOpenFilters(engine, path, work)
  } catch (error) {
    if (error instanceof UserError && !isDamage(error)) throw error
    removeFilters(base)
    return withOpenFilters(engine, path, work)
  }
}

/** False if the file is of another user. */
export function removeFilters(base: string): boolean {
  try {
    for (const suffix of ['', '-journal']) rmSync(`${filterPath(base)}${suffix}`, { force: true })
    return true
  } catch {
    return false
  }
}

function withOpenFilters<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  using db = engine.openAsIs(path)
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  db.pragma('secure_delete = ON')
  db.exec(TABLES)
  return work(db)
}

/** By the paths of their partitions. */
export function storedFilters(db: Connection): Map<string, StoredFilter> {
  const sql = 'SELECT path, stamp, first_block AS firstBlock, blocks FROM filter WHERE kind = ?'
  const found = db.prepare<[string], StoredFilter>(sql).all(FILTER_KIND)
  return new Map(found.map((filter) => [filter.path, filter]))
}
