import { createHash } from 'node:crypto'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'

/** What identifies the requests of a partition, or of a database of the predecessor, whatever its bytes are. */
export interface DatabaseFacts {
  rows: number
  /** Seconds since 1970; null without rows. */
  minTs: number | null
  maxTs: number | null
  /** SHA-256 of the sorted ids, each with a line feed after it. */
  idsSha256: string
}

export function readFacts(db: Connection): DatabaseFacts {
  const sql = 'SELECT count(*) AS rows, min(ts) AS minTs, max(ts) AS maxTs FROM requests'
  const counts = db.prepare<[], Omit<DatabaseFacts, 'idsSha256'>>(sql).get() ?? { rows: 0, minTs: null, maxTs: null }
  const digest = createHash('sha256')
  const ids = db.prepareValue<[], string>('SELECT request_id FROM requests ORDER BY request_id')
  for (const id of ids.iterate()) digest.update(`${id}\n`)
  return { ...counts, idsSha256: digest.digest('hex') }
}

/** For example 3.53.2. */
export function sqliteVersion(engine: SqliteEngine): string {
  using db = engine.openAsIs(':memory:')
  return String(db.prepareValue('SELECT sqlite_version()').get())
}
