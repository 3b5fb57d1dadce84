import type { Connection } from '../../sqlite/engine.ts'

/** A row of sqlite_master. */
export interface SchemaText {
  type: string
  name: string
  /** That it belongs to. */
  table: string
  /** Null for an index that SQLite has made for a constraint of its table. */
  sql: string | null
  /** Of an index that a UNIQUE in its table needs: the columns. Else null. */
  uniqueColumns: string | null
}

const TEXTS = `
  SELECT type, name, tbl_name AS "table", sql, CASE WHEN EXISTS (
      SELECT 1 FROM pragma_index_list(master.tbl_name) WHERE name = master.name AND origin = 'u'
    ) THEN (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(master.name) ORDER BY seqno))
  END AS uniqueColumns
  FROM sqlite_master master ORDER BY rowid`

/** Those of a database, in the order in which they were made. */
export function schemaTexts(db: Connection): SchemaText[] {
  return db.prepare<[], SchemaText>(TEXTS).all()
}

/** Indexes of few different values take hardly any space in a bundle, and a tenth of the time of an import if they are made. */
const KEPT = ['idx_requests_status', 'idx_requests_model_orig', 'idx_requests_model_mapped']

/** The same schema without most of what SQLite can make of the rows again: indexes, and each UNIQUE, which needs one. */
export function withoutIndexes(texts: readonly SchemaText[]): SchemaText[] {
  return texts
    .filter(({ type, name, sql, uniqueColumns }) => {
      return type !== 'index' || KEPT.includes(name) || (sql === null && uniqueColumns === null)
    })
    .map((text) => (text.type === 'table' ? { ...text, sql: withoutUnique(text.sql ?? '') } : text))
}

function withoutUnique(sql: string): string {
  return sql.replace(/, UNIQUE \([^)]*\)/g, '').replace(/ UNIQUE\b/g, '')
}

/** To compare schemas by, whatever was made first. */
export function schemaText(texts: readonly SchemaText[]): string {
  const lines = texts.map(({ type, name, sql }) => `${type} ${name} ${sql ?? ''}`)
  return lines.sort().join('\n')
}
