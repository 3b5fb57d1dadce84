import { relative } from 'node:path'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { stampOf } from './file-stamp.ts'
import { filterPath, hasFilters, storedFilters } from './filter-file.ts'
import { blockOf, hashOf, mayHold, type WordTable } from './word-bits.ts'

/** False if a table of the index certainly does not have a word. */
export type Holds = (table: WordTable, word: string) => boolean

/**
 * The partitions that certainly have no match. One whose filter is missing, older than the file or unreadable may have
 * matches.
 * @param canMatch whether a partition may match, by the words that it may hold
 */
export function partitionsWithoutMatch(
  engine: SqliteEngine,
  base: string,
  { paths, canMatch }: { paths: readonly string[]; canMatch: (holds: Holds) => boolean },
): ReadonlySet<string> {
  if (!hasFilters(base)) return new Set()
  try {
    using db = engine.openReadonly(filterPath(base))
    return db.inSnapshot(() => new Set(withoutMatch(db, base, paths, canMatch)))
  } catch {
    // Whatever is wrong with the filters, each partition itself can still be asked.
    return new Set()
  }
}

function withoutMatch(
  db: Connection,
  base: string,
  paths: readonly string[],
  canMatch: (holds: Holds) => boolean,
): string[] {
  const filters = storedFilters(db)
  const blocks = db.prepareValue<[number], Buffer>('SELECT bits FROM block WHERE id = ?')
  return paths.filter((path) => {
    const filter = filters.get(relative(base, path))
    if (!filter || filter.stamp !== stampOf(path)) return false
    return !canMatch((table, word) => {
      const hash = hashOf(table, word)
      const block = blocks.get(filter.firstBlock + blockOf(hash, filter.blocks))
      return block === undefined || mayHold(block, hash)
    })
  })
}
