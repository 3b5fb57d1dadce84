import { hasRun, runPairs } from '../../record/pairs.ts'
import type { Connection } from '../sqlite/engine.ts'

/** Blocks of symbols, most of them emoji, that are newer than FTS5's tables, so that it would take them for letters. */
const NEW_SYMBOLS = [
  [0x20ba, 0x20cf],
  [0x23f4, 0x23ff],
  [0x2b4d, 0x2bff],
  [0x2e3c, 0x2e7f],
  [0x1f300, 0x1faff],
] as const
/** They separate words as a space does: `done🙂` is `done`. */
const SEPARATORS = NEW_SYMBOLS.map(([first, last]) => {
  return String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, index) => first + index))
}).join('')

/** Words and pairs. */
export const TEXT_INDEXES = { words: 'request_text_index', pairs: 'request_text_pairs' }
/** How the index cuts texts into words. */
export const TOKENIZER = `unicode61 remove_diacritics 2 separators '${SEPARATORS}'`
/** The same for runs of characters without spaces, which come as `runPairs` cut them. */
export const PAIRS_TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* M* N* Co'"
const EXTERNAL_CONTENT = "content = 'fts_src', content_rowid = 'id'"

/**
 * Text index over the distinct messages of a partition; it keeps no copy of their text. `request_text_pairs` has the
 * messages with runs of characters without spaces, by the same rowids, as `runPairs` cuts them; a database with the
 * first table only has the index of an earlier version.
 */
const CREATE_INDEX = `
CREATE VIRTUAL TABLE request_text_index USING fts5 (
  request_id UNINDEXED, role, content, endpoint, model_original, model_mapped,
  tokenize = "${TOKENIZER}", ${EXTERNAL_CONTENT}, columnsize = 0
);
CREATE VIRTUAL TABLE request_text_pairs USING fts5 (
  content, tokenize = "${PAIRS_TOKENIZER}", content = ''
);
CREATE TABLE z_fts_state (indexed_to INTEGER NOT NULL) STRICT;
INSERT INTO z_fts_state VALUES (0);
`
const DROP_INDEX = `
DROP TABLE IF EXISTS request_text_index;
DROP TABLE IF EXISTS request_text_pairs;
DROP TABLE IF EXISTS z_fts_state;
`
/** Bytes of new entries that FTS5 holds in memory before it writes a segment. Its default of 1 MiB makes many segments to merge. */
const PENDING_BYTES = 64 * 1024 * 1024
const COLUMNS = 'request_id, role, content, endpoint, model_original, model_mapped'

/**
 * What the text index of a partition holds.
 * @example
 * const counts: IndexCounts[] = await buildTextIndexes({ out: 'logs/db', isDryRun: true, parallelism: 1 })
 */
export interface IndexCounts {
  /** Distinct texts in the index. */
  indexed: number
  /** Requests without any text. */
  skipped: number
}

export function hasTextIndex(db: Connection): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'request_text_pairs'").get() !== undefined
}

/** True if both tables cut texts into words as new ones do. */
export function hasTokenizers(db: Connection): boolean {
  const sql = `SELECT count(*) FROM sqlite_master
    WHERE (name = '${TEXT_INDEXES.words}' AND instr(sql, ?)) OR (name = '${TEXT_INDEXES.pairs}' AND instr(sql, ?))`
  return db.prepareValue<[string, string], number>(sql).get(TOKENIZER, PAIRS_TOKENIZER) === 2
}

/** Creates the index if there is none and brings it up to date, inside the transaction of the caller. */
export function indexNewMessages(db: Connection): void {
  if (!hasTextIndex(db)) createIndex(db)
  fillIndex(db, TEXT_INDEXES, '> (SELECT indexed_to FROM z_fts_state)')
  db.exec('UPDATE z_fts_state SET indexed_to = (SELECT COALESCE(max(id), 0) FROM z_msg)')
}

/** Builds, in the database `temp`, the indexes as the stored ones should be, under the same names. */
export function buildProof(db: Connection): void {
  const created = db.prepareValue<[string], string>('SELECT sql FROM main.sqlite_master WHERE name = ?')
  for (const table of Object.values(TEXT_INDEXES)) {
    const sql = created.get(table) ?? ''
    db.exec(sql.replace(`TABLE ${table}`, `TABLE temp.${table}`).replace(EXTERNAL_CONTENT, "content = ''"))
    holdInMemory(db, `temp.${table}`, table)
  }
  const { words, pairs } = TEXT_INDEXES
  fillIndex(db, { words: `temp.${words}`, pairs: `temp.${pairs}` }, '<= (SELECT indexed_to FROM z_fts_state)')
}

/** Adds the messages with these ids to two tables. */
function fillIndex(db: Connection, { words, pairs }: { words: string; pairs: string }, ids: string): void {
  db.defineFunction('pairs_of', pairsOf)
  db.exec(`
    INSERT INTO ${words} (rowid, ${COLUMNS}) SELECT id, ${COLUMNS} FROM fts_src WHERE id ${ids} ORDER BY id;
    WITH found (id, pairs) AS MATERIALIZED (
      -- Texts of ASCII only are not passed to JavaScript.
      SELECT msg.id, pairs_of(COALESCE(msg_text.text, msg.json), msg_text.text IS NULL)
      FROM z_msg_first msg_first JOIN z_msg msg ON msg.id = msg_first.msg LEFT JOIN z_msg_text msg_text ON msg_text.msg = msg.id
      WHERE msg_first.msg ${ids} AND octet_length(msg.json) > length(msg.json)
      ORDER BY msg.id
    )
    INSERT INTO ${pairs} (rowid, content) SELECT id, pairs FROM found WHERE pairs <> '';
  `)
}

/** Looks for runs before it parses a message, since most have none. */
function pairsOf(text: string, isMessage: number): string {
  if (!hasRun(text)) return ''
  return runPairs(isMessage === 1 ? JSON.parse(text).content : text)
}

function createIndex(db: Connection): void {
  db.exec(DROP_INDEX)
  db.exec(CREATE_INDEX)
  for (const table of Object.values(TEXT_INDEXES)) holdInMemory(db, table, table)
}

function holdInMemory(db: Connection, table: string, name: string): void {
  db.exec(`INSERT INTO ${table} (${name}, rank) VALUES ('hashsize', ${PENDING_BYTES})`)
}

export function buildTextIndex(db: Connection): IndexCounts {
  return db.inTransaction(() => {
    indexNewMessages(db)
    return countIndexable(db)
  })
}

/** The counts of an index that is up to date. */
export function countIndexable(db: Connection): IndexCounts {
  const indexed = db.prepareValue('SELECT count(*) FROM z_msg_first').get()
  const skipped = db.prepareValue('SELECT count(*) FROM z_req WHERE texts = 0').get()
  return { indexed: Number(indexed), skipped: Number(skipped) }
}

export function dropTextIndex(db: Connection): void {
  db.inTransaction(() => db.exec(DROP_INDEX))
}

/** Runs `work` without a text index and rebuilds it if there was one, because marks of deletion would still hold the words. */
export function withNewTextIndex(db: Connection, work: () => void): void {
  const isIndexed = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'request_text_index'").get() !== undefined
  db.exec(DROP_INDEX)
  work()
  if (isIndexed) indexNewMessages(db)
}

/** Brings an index up to date and makes it as small and fast as possible, inside the transaction of the caller. */
export function optimizeTextIndex(db: Connection): void {
  if (!hasTextIndex(db)) return
  indexNewMessages(db)
  for (const table of Object.values(TEXT_INDEXES)) db.exec(`INSERT INTO ${table} (${table}) VALUES ('optimize')`)
}

/** True if messages that do not exist yet would be taken for indexed. */
export function isIndexAhead(db: Connection): boolean {
  const sql = 'SELECT 1 FROM z_fts_state WHERE indexed_to > (SELECT COALESCE(max(id), 0) FROM z_msg)'
  return db.prepare(sql).get() !== undefined
}

/** How many messages are not in the index yet. */
export function unindexedMessages(db: Connection): number {
  const sql = 'SELECT count(*) FROM z_msg_first WHERE msg > (SELECT indexed_to FROM z_fts_state)'
  return Number(db.prepareValue(sql).get())
}
