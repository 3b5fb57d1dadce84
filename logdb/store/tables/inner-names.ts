import type { Connection } from '../sqlite/engine.ts'

/**
 * Tables and views that only logdb itself reads are called `z_` and a word. Tools for analysts list all names of a file in one
 * list by the alphabet, where z comes behind all that people use.
 */
export const INNER_PREFIX = 'z_'

/** Without the prefix, as versions before migration 15 call them. */
export const INNER_TABLES = [
  'conv',
  'forgotten',
  'ingest_marks',
  'msg_first',
  'msg_form',
  'msg_form_after',
  'msg_piece',
  'msg_row',
  'msg_text',
  'node',
  'req_frame',
  'req_kind',
  'req_row',
  'rollup',
  'rollup_stale',
  'seal',
]
export const INNER_VIEWS = ['msg', 'req']
/** Not every partition has these: the text index makes the first, an erasure that is not done yet the second. */
export const PASSING_TABLES = ['fts_state', 'unfinished_erasure']
const ALL = new Set([...INNER_TABLES, ...INNER_VIEWS, ...PASSING_TABLES])

/** Inner names of the file, without the prefix, that are there without it. */
export function unprefixedNames(db: Connection): string[] {
  const names = db.prepareValue<[], string>("SELECT name FROM main.sqlite_master WHERE type IN ('table', 'view')").all()
  return names.filter((name) => ALL.has(name))
}

/** What an inner table is called in this file, with or without the prefix; undefined if the file does not have it. */
export function innerName(db: Connection, name: string): string | undefined {
  const sql = 'SELECT name FROM main.sqlite_master WHERE name IN (?, ?)'
  return db.prepareValue<[string, string], string>(sql).get(name, `${INNER_PREFIX}${name}`)
}

/** An inner table in a statement that calls it by its name without the prefix: `z_node node`. */
export function called(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}${name} ${name}`
}
