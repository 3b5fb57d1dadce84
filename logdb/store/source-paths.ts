import { existsSync } from 'node:fs'
import { controlPath } from './control.ts'
import { explainingErrors, type SqliteEngine } from './sqlite.ts'

/** Where the logs with these keys were when they were last read. `base`: folder of the log database. */
export function pathsOfSources(engine: SqliteEngine, base: string, keys: ReadonlySet<string>): string[] {
  const path = controlPath(base)
  if (keys.size === 0 || !existsSync(path)) return []
  return explainingErrors(path, () => {
    const db = engine.openReadonly(path)
    try {
      const statement = db.prepare<[string], string>('SELECT path FROM sources WHERE source_key = ?').pluck()
      return [...keys].flatMap((key) => statement.get(key) ?? []).sort()
    } finally {
      db.close()
    }
  })
}
