import { errorMessage, UserError } from '../../../../kit/user-error.ts'
import type { Connection, SqliteEngine } from '../../sqlite/engine.ts'
import { isOfSchema, lastMigration, openMigrated } from '../../sqlite/migrate.ts'
import { PARTITION_SCHEMA } from '../schema/partition-schema.ts'
import { type SchemaText, schemaText, schemaTexts, withoutIndexes } from './schema-texts.ts'

/** The index without which a request would be stored twice; before migration 13 it was another one. */
const NEEDED = ['req_by_request_id', 'sqlite_autoindex_req_1']
const HAS_NEEDED = `SELECT count(*) FROM sqlite_master WHERE name IN (${NEEDED.map((name) => `'${name}'`).join(', ')})`

/**
 * Gives a partition that lacks its indexes, as it comes in a bundle, those of its version, in one transaction. Until then it can
 * be read, but nothing can be written to it.
 * @param open opens it for writing
 * @returns why that is not possible: it has other tables, or rows that its indexes would not allow
 * @throws UserError DATABASE_NEWER and others
 */
export function restoreIndexes(
  engine: SqliteEngine,
  path: string,
  open = () => engine.openWritable(path),
): string | undefined {
  if (!lacksIndexes(engine, path)) return undefined
  using db = open()
  const texts = textsOfVersion(engine, lastMigration(db, PARTITION_SCHEMA))
  const present = schemaTexts(db)
  if (schemaText(withoutIndexes(texts)) !== schemaText(present)) {
    return 'has other tables than a partition of this logdb'
  }
  try {
    const names = new Set(present.map(({ name }) => name))
    const missing = texts.filter(({ name }) => !names.has(name))
    db.changeSchema(() => makeIndexes(db, missing, texts))
    return undefined
  } catch (error) {
    if (error instanceof UserError) throw error
    return `is damaged: ${errorMessage(error)}`
  }
}

function lacksIndexes(engine: SqliteEngine, path: string): boolean {
  using db = engine.openReadonly(path)
  return isOfSchema(db, PARTITION_SCHEMA) && db.prepareValue(HAS_NEEDED).get() === 0
}

function makeIndexes(db: Connection, missing: readonly SchemaText[], texts: readonly SchemaText[]): void {
  for (const { sql } of missing) if (sql !== null) db.exec(sql)
  makeUnique(db, missing)
  const complete = db.prepare<[string | null, string]>(
    "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?",
  )
  for (const { type, name, sql } of texts) if (type === 'table') complete.run(sql, name)
}

function textsOfVersion(engine: SqliteEngine, version: number): SchemaText[] {
  const { complete: _, newest, ...schema } = PARTITION_SCHEMA
  const migrations = schema.migrations.filter(({ number }) => number <= version)
  const isNewest = migrations.length === schema.migrations.length
  using db = openMigrated(engine, ':memory:', { ...schema, migrations, ...(isNewest && { newest }) })
  return schemaTexts(db)
}

/**
 * SQLite makes the index of a UNIQUE only together with its table, so all rows would have to be copied into new tables. Here the
 * index is made of the rows where they are, in 0.4 s for 200,000 requests, and becomes that of the UNIQUE: the texts of table
 * and index are replaced by those that SQLite itself would have written, and it reads them again.
 */
function makeUnique(db: Connection, missing: readonly SchemaText[]): void {
  const place = db.prepare<[string, string]>('UPDATE sqlite_master SET name = ?, sql = NULL WHERE name = ?')
  for (const { name, table, uniqueColumns } of missing) {
    if (uniqueColumns === null) continue
    db.exec(`CREATE UNIQUE INDEX made_for_${name} ON ${table} (${uniqueColumns})`)
    place.run(name, `made_for_${name}`)
  }
}
