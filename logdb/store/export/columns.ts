import { PARTITION_SCHEMA } from '../partition/schema/partition-schema.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { openMigrated } from '../sqlite/migrate.ts'

/** `erased` has the ids of requests that were removed permanently. */
export type ExportTable = 'requests' | 'messages' | 'texts' | 'erased'

export interface ExportColumn {
  name: string
  type: 'text' | 'integer' | 'real'
}

const MESSAGES: readonly ExportColumn[] = [
  { name: 'request_id', type: 'text' },
  { name: 'ts', type: 'integer' },
  { name: 'part', type: 'text' },
  { name: 'position', type: 'integer' },
  { name: 'role', type: 'text' },
  { name: 'message_id', type: 'text' },
  { name: 'message_json', type: 'text' },
]

const TEXTS: readonly ExportColumn[] = [
  { name: 'request_id', type: 'text' },
  { name: 'ts', type: 'integer' },
  { name: 'role', type: 'text' },
  { name: 'content', type: 'text' },
  { name: 'endpoint', type: 'text' },
  { name: 'model_original', type: 'text' },
  { name: 'model_mapped', type: 'text' },
]

const ERASED: readonly ExportColumn[] = [
  { name: 'request_id', type: 'text' },
  { name: 'forgotten_ts', type: 'integer' },
]

/** The columns of the tables that can be exported; those of requests are those of the view request_details. */
export function exportColumns(engine: SqliteEngine): Record<ExportTable, readonly ExportColumn[]> {
  using newest = openMigrated(engine, ':memory:', PARTITION_SCHEMA)
  const requests = columnsOf(newest, 'request_details').map(({ name, type }) => ({ name, type: typeNamed(type) }))
  return { requests, messages: MESSAGES, texts: TEXTS, erased: ERASED }
}

/** Columns of a table or view, with the type that SQLite has for them; an expression may have none. */
export function columnsOf(db: Connection, name: string): { name: string; type: string }[] {
  return db.prepare<[string], { name: string; type: string }>('SELECT name, type FROM pragma_table_info(?)').all(name)
}

function typeNamed(type: string): ExportColumn['type'] {
  if (type.startsWith('INT')) return 'integer'
  return type === 'REAL' ? 'real' : 'text'
}
