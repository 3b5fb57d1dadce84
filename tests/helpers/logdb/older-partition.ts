import { chmodSync, renameSync, statSync } from 'node:fs'
import type Sqlite from 'better-sqlite3'
import { supplyMissing } from '../../../logdb/store/partition/schema/older-versions.ts'
import { PARTITION_SCHEMA } from '../../../logdb/store/partition/schema/partition-schema.ts'
import { ExplainingConnection } from '../../../logdb/store/sqlite/connection.ts'
import { INNER_PREFIX } from '../../../logdb/store/tables/inner-names.ts'
import { buildTextIndex, dropTextIndex } from '../../../logdb/store/text-index/text-index.ts'
import { openDatabase } from './workspace.ts'

const VIRTUAL = "SELECT sql FROM source.sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'"
const PLAIN = `SELECT name FROM source.sqlite_master
  WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite_%'`

/** The first migration with texts apart from messages. */
const TEXTS_APART = 9
/** Messages as they are, each with its own text. */
const textsWithin = (prefix: string) => `
  CREATE TEMP TABLE apart AS SELECT DISTINCT text FROM source.${prefix}msg_form
    WHERE text NOT IN (SELECT msg FROM source.${prefix}node UNION SELECT resp_msg FROM source.${prefix}req WHERE resp_msg IS NOT NULL);
  DELETE FROM msg;
  INSERT INTO msg SELECT id, s.h, m.json FROM source.${prefix}msg s JOIN source.message m USING (id) WHERE id NOT IN (SELECT text FROM apart);
  DELETE FROM msg_first WHERE msg IN (SELECT text FROM apart);
  INSERT INTO msg_first
    SELECT f.msg, min(first.req) FROM source.${prefix}msg_form f JOIN source.${prefix}msg_first first ON first.msg = f.text GROUP BY f.msg;
  INSERT INTO msg_text
    SELECT f.msg, json_extract(t.json, '$.role'), group_concat(json_extract(t.json, '$.content'), char(10))
    FROM source.${prefix}msg_form f JOIN source.${prefix}msg t ON t.id = f.text GROUP BY f.msg;
  DROP TABLE apart;`

function indexAgain(db: Sqlite.Database, path: string): void {
  if (!db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'fts_state'").get()) return
  const connection = new ExplainingConnection(db, path)
  db.exec('DROP TABLE fts_state')
  supplyMissing(connection)
  dropTextIndex(connection)
  buildTextIndex(connection)
  db.exec('ALTER TABLE z_fts_state RENAME TO fts_state')
}

/**
 * Puts a partition with the same rows in the place of one, as an earlier version of logdb made it.
 * @param last number of the last migration that it has had, before inner tables got their prefix
 */
export async function makeOlder(path: string, last: number): Promise<void> {
  const { mode } = statSync(path)
  const older = `${path}.older`
  const db = await openDatabase(older)
  try {
    db.unsafeMode()
    db.pragma('journal_mode = OFF')
    db.pragma('synchronous = OFF')
    for (const [name, run] of Object.entries(PARTITION_SCHEMA.functions ?? {})) db.function(name, run)
    db.prepare('ATTACH ? AS source').run(path)
    db.exec('BEGIN')
    const { applicationId, firstVersion, migrations } = PARTITION_SCHEMA
    for (const { number, sql } of migrations) if (number <= last) db.exec(sql)
    db.pragma(`application_id = ${applicationId}`)
    db.pragma(`user_version = ${firstVersion + last - 1}`)
    const prefix = hasTable(db, `${INNER_PREFIX}req`) ? INNER_PREFIX : ''
    copyRows(db, prefix)
    const isApart = last < TEXTS_APART && hasTable(db, `${prefix}msg_form`)
    if (isApart) db.exec(textsWithin(prefix))
    db.exec('COMMIT')
    db.exec('DETACH source')
    if (isApart) indexAgain(db, older)
  } finally {
    db.close()
  }
  chmodSync(older, mode)
  renameSync(older, path)
}

/** The text index too, by the tables that SQLite keeps it in. Requests come first, because triggers note their hours. */
function copyRows(db: Sqlite.Database, prefix: string): void {
  for (const sql of db.prepare(VIRTUAL).pluck().all() as string[]) db.exec(sql)
  if (hasTable(db, `${prefix}fts_state`)) {
    db.exec('CREATE TABLE fts_state (indexed_to INTEGER NOT NULL) STRICT')
  }
  for (const source of [`${prefix}req`, `${prefix}msg`, ...(db.prepare(PLAIN).pluck().all() as string[])]) {
    const table = source.replace(prefix, '')
    const columns = columnsOf(db, 'main', table).filter((name) => columnsOf(db, 'source', source).includes(name))
    if (columns.length === 0 || isView(db, table)) continue
    db.exec(`DELETE FROM main.${table}`)
    db.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM source.${source}`)
  }
}

function hasTable(db: Sqlite.Database, name: string): boolean {
  return db.prepare('SELECT 1 FROM source.sqlite_master WHERE name = ?').get(name) !== undefined
}

function isView(db: Sqlite.Database, name: string): boolean {
  return db.prepare("SELECT 1 FROM main.sqlite_master WHERE type = 'view' AND name = ?").get(name) !== undefined
}

function columnsOf(db: Sqlite.Database, schema: string, table: string): string[] {
  return db.prepare(`SELECT '"' || name || '"' FROM pragma_table_info(?, ?)`).pluck().all(table, schema) as string[]
}
