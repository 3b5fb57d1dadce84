import { existsSync, mkdirSync } from 'node:fs'
import { controlPath } from './control.ts'
import { CONTROL_SCHEMA } from './control-schema.ts'
import { openMigrated } from './migrate.ts'
import { type Connection, closeCheckpointed, explainingErrors, inTransaction, type SqliteEngine } from './sqlite.ts'

/** From which UTC day on (YYYY-MM-DD) requests, and bodies, are kept; empty where all are. */
export interface Retention {
  metadata: string
  bodies: string
}

/** What `keepFrom` last said; also for records that are read later. `base`: folder of the log database. */
export function readRetention(engine: SqliteEngine, base: string): Retention {
  if (!existsSync(controlPath(base))) return { metadata: '', bodies: '' }
  return withControl(engine, base, readDays)
}

/** A day never moves back: what is gone is gone. @throws UserError */
export function keepFrom(engine: SqliteEngine, base: string, { metadata, bodies }: Partial<Retention>): Retention {
  mkdirSync(base, { recursive: true })
  return withControl(engine, base, (db) =>
    inTransaction(db, () => {
      const upsert = db.prepare<[string, string, number]>(`
        INSERT INTO retention (kind, kept_from, set_ts) VALUES (?, ?, ?)
        ON CONFLICT (kind) DO UPDATE SET kept_from = excluded.kept_from, set_ts = excluded.set_ts
          WHERE excluded.kept_from > kept_from`)
      const nowS = Math.floor(Date.now() / 1000)
      for (const [kind, day] of Object.entries({ metadata, bodies })) if (day) upsert.run(kind, day, nowS)
      return readDays(db)
    }),
  )
}

function readDays(db: Connection): Retention {
  const rows = db.prepare<[], { kind: string; day: string }>('SELECT kind, kept_from AS day FROM retention').all()
  return { metadata: '', bodies: '', ...Object.fromEntries(rows.map(({ kind, day }) => [kind, day])) }
}

function withControl<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T {
  const path = controlPath(base)
  return explainingErrors(path, () => {
    const db = openMigrated(engine, path, CONTROL_SCHEMA)
    try {
      return work(db)
    } finally {
      closeCheckpointed(db)
    }
  })
}
