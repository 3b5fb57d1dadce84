import { mkdirSync } from 'node:fs'
import { firstSecondOf } from '../folder/partition-files.ts'
import { type Connection, inTransaction, type SqliteEngine } from '../sqlite/open.ts'
import { withControl } from './control.ts'
import { readControl } from './open-control.ts'

/** From which UTC day on (YYYY-MM-DD) requests, and bodies, are kept; empty where all are. */
export interface Retention {
  metadata: string
  bodies: string
}

/** What `keepFrom` last said; also for records that are read later. `base`: folder of the log database. */
export function readRetention(engine: SqliteEngine, base: string): Retention {
  return readControl(engine, base, (db) => (hasDays(db) ? readDays(db) : undefined)) ?? { metadata: '', bodies: '' }
}

/** False for a control.sqlite3 of an earlier version, or of the predecessor. */
function hasDays(db: Connection): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'retention'").get() !== undefined
}

/**
 * Notes the days, which never move back: what is gone is gone. Removes the first bytes of records that could not be read
 * before the later of them. @throws UserError
 */
export function keepFrom(engine: SqliteEngine, base: string, { metadata, bodies }: Partial<Retention>): Retention {
  mkdirSync(base, { recursive: true })
  return withControl(engine, base, (db) => {
    db.pragma('secure_delete = ON')
    return inTransaction(db, () => {
      const upsert = db.prepare<[string, string, number]>(`
        INSERT INTO retention (kind, kept_from, set_ts) VALUES (?, ?, ?)
        ON CONFLICT (kind) DO UPDATE SET kept_from = excluded.kept_from, set_ts = excluded.set_ts
          WHERE excluded.kept_from > kept_from`)
      const nowS = Math.floor(Date.now() / 1000)
      for (const [kind, day] of Object.entries({ metadata, bodies })) if (day) upsert.run(kind, day, nowS)
      const kept = readDays(db)
      const later = Object.values(kept).sort().at(-1) ?? ''
      db.prepare<[number]>("UPDATE ingest_errors SET head = '' WHERE seen_ts < ?").run(firstSecondOf(later))
      return kept
    })
  })
}

function readDays(db: Connection): Retention {
  const rows = db.prepare<[], { kind: string; day: string }>('SELECT kind, kept_from AS day FROM retention').all()
  return { metadata: '', bodies: '', ...Object.fromEntries(rows.map(({ kind, day }) => [kind, day])) }
}
