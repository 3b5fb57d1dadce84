import type { TimeRange } from '../../days.ts'
import { compactCopy } from '../sqlite/compact-copy.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'

/** Copies what a database of the predecessor holds of these times, without its text index. @throws UserError */
export function snapshotOldDatabase(
  engine: SqliteEngine,
  paths: { path: string; copy: string },
  { sinceS, toS }: TimeRange,
): void {
  compactCopy(
    engine,
    paths,
    (path) => engine.openAsIs(path),
    (db) => {
      db.exec('DROP TABLE IF EXISTS request_text_index')
      db.prepare<[number, number]>('DELETE FROM requests WHERE ts < ? OR ts > ?').run(sinceS, toS)
    },
  )
}
