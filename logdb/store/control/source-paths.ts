import type { SqliteEngine } from '../sqlite/open.ts'
import { readControl } from './open-control.ts'

/** Where the logs with these keys were when they were last read. `base`: folder of the log database. */
export function pathsOfSources(engine: SqliteEngine, base: string, keys: ReadonlySet<string>): string[] {
  if (keys.size === 0) return []
  const paths = readControl(engine, base, (db) => {
    const statement = db.prepare<[string], string>('SELECT path FROM sources WHERE source_key = ?').pluck()
    return [...keys].flatMap((key) => statement.get(key) ?? []).sort()
  })
  return paths ?? []
}
