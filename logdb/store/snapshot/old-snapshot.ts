import type { TimeRange } from '../../days.ts'
import { compactCopy } from '../sqlite/compact-copy.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'
import { type DatabaseFacts, readFacts } from './database-facts.ts'

/** Copies what a database of the predecessor holds of these times, without its text index. @throws UserError */
export function snapshotOldDatabase(
  engine: SqliteEngine,
  paths: { path: string; copy: string },
  { sinceS, toS }: TimeRange,
): DatabaseFacts {
  return compactCopy(engine, paths, {
    open: (path) => engine.openAsIs(path),
    change: (db) => {
      db.exec('DROP TABLE IF EXISTS request_text_index')
      db.prepare<[number, number]>('DELETE FROM requests WHERE ts < ? OR ts > ?').run(sinceS, toS)
      return readFacts(db)
    },
  })
}
