import { firstSecondOf, nowWholeS } from '../../days.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { changeControl, openControl } from './open-control.ts'
import { forgetPositions } from './positions.ts'
import { bookAsGaps, type RecordPlace, releaseRetained } from './stretches.ts'

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

/** The start of a first day that is kept, in seconds since 1970; 0 if all days are. */
export function startOfKept(day: string): number {
  return day === '' ? 0 : firstSecondOf(day)
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

/**
 * Sets the days, which may move back. What is too old no longer is given back to the next ingest.
 * @param places records that are stored without their bodies and will be kept with them
 * @throws UserError
 */
export function resetTo(
  engine: SqliteEngine,
  base: string,
  { metadata, bodies }: Partial<Retention>,
  places: readonly RecordPlace[],
): void {
  changeControl(engine, base, (db) => {
    db.inTransaction(() => {
      const set = db.prepare<[string, number, string]>('UPDATE retention SET kept_from = ?, set_ts = ? WHERE kind = ?')
      for (const [kind, day] of Object.entries({ metadata, bodies })) if (day) set.run(day, nowWholeS(), kind)
      const isUnknown = db.prepare("SELECT 1 FROM retention WHERE has_places = 0 AND kind = 'metadata'").get()
      if (isUnknown !== undefined && metadata !== undefined) forgetPositions(db)
      db.exec('UPDATE retention SET has_places = 1')
      if (metadata !== undefined) releaseRetained(db, metadata)
      bookAsGaps(db, places)
    })
  })
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
        INSERT INTO retention (kind, kept_from, set_ts, has_places) VALUES (?, ?, ?, 1)
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
