import { firstSecondOf, nowWholeS } from '../../days.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { changeControl, openControl } from './open-control.ts'

/**
 * The first days that are kept.
 * @example
 * const keptFrom: Partial<Retention> = { bodies: '2025-06-01' }
 */
export interface Retention {
  /** First UTC day (YYYY-MM-DD) whose requests are kept; an empty text if all are. */
  metadata: string
  /** First UTC day (YYYY-MM-DD) whose request and response bodies are kept; an empty text if all are. */
  bodies: string
}

const KEEP_ALL: Retention = { metadata: '', bodies: '' }

/** What `keepFrom` last noted; it also applies to records that are read later. */
export function readRetention(engine: SqliteEngine, base: string): Retention {
  using db = openControl(engine, base)
  return db && hasRetentionTable(db) ? retentionIn(db) : KEEP_ALL
}

/** To be used on control.sqlite3 of the current version. */
export function retentionIn(db: Connection): Retention {
  const rows = db.prepare<[], { kind: string; day: string }>('SELECT kind, kept_from AS day FROM retention').all()
  return { ...KEEP_ALL, ...Object.fromEntries(rows.map(({ kind, day }) => [kind, day])) }
}

/** False for a control.sqlite3 of an earlier version, or of the predecessor. */
function hasRetentionTable(db: Connection): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'retention'").get() !== undefined
}

/** True if old requests are removed. To be used on control.sqlite3, also of an earlier version. */
export function removesOldRequests(db: Connection): boolean {
  return hasRetentionTable(db) && retentionIn(db).metadata !== ''
}

/**
 * Notes the days, which never move back: what was removed is gone. Removes the first bytes of unreadable records from
 * before the later of them. Returns the days that apply now.
 * @throws UserError
 */
export function keepFrom(engine: SqliteEngine, base: string, { metadata, bodies }: Partial<Retention>): Retention {
  return changeControl(engine, base, (db) => {
    db.pragma('secure_delete = ON')
    return db.inTransaction(() => {
      const upsert = db.prepare<[string, string, number]>(`
        INSERT INTO retention (kind, kept_from, set_ts) VALUES (?, ?, ?)
        ON CONFLICT (kind) DO UPDATE SET kept_from = excluded.kept_from, set_ts = excluded.set_ts
          WHERE excluded.kept_from > kept_from`)
      for (const [kind, day] of Object.entries({ metadata, bodies })) if (day) upsert.run(kind, day, nowWholeS())
      const kept = retentionIn(db)
      const later = Object.values(kept).sort().at(-1) ?? ''
      db.prepare<[number]>("UPDATE ingest_errors SET head = '' WHERE seen_ts < ?").run(firstSecondOf(later))
      return kept
    })
  })
}
