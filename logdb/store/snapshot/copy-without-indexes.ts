import { type SchemaText, schemaTexts, withoutIndexes } from '../partition/indexes/schema-texts.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'

/**
 * Copies a partition without most of its indexes. Hashes in them cannot be compressed: a bundle of chat logs becomes a fifth
 * smaller. The views of requests are the same. The copy has no WAL, is written without fsync, and its bytes follow
 * from its content.
 */
export function copyWithoutIndexes(engine: SqliteEngine, path: string, copy: string): void {
  const texts = withoutIndexes(textsOf(engine, path))
  const db = engine.openAsIs(copy)
  try {
    db.prepare<[string]>('ATTACH ? AS source').run(path)
    for (const name of ['page_size', 'application_id', 'user_version'])
      db.pragma(`${name} = ${db.pragma(`source.${name}`)}`)
    db.pragma('journal_mode = OFF')
    db.pragma('synchronous = OFF')
    db.inTransaction(() => copyAll(db, texts))
  } finally {
    db.close()
  }
}

/** Triggers after the rows: they must not run now. */
function copyAll(db: Connection, texts: readonly SchemaText[]): void {
  for (const { type, name, sql } of texts) {
    if (type !== 'table') continue
    db.exec(sql ?? '')
    db.exec(`INSERT INTO main."${name}" SELECT * FROM source."${name}"`)
  }
  for (const { type, sql } of texts) if (type !== 'table' && sql !== null) db.exec(sql)
}

function textsOf(engine: SqliteEngine, path: string): SchemaText[] {
  using source = engine.openReadonly(path)
  return schemaTexts(source)
}
