import { type Connection, inTransaction } from './sqlite.ts'

/** Text index over the distinct messages of a partition; it keeps no copy of their text. */
const CREATE_INDEX = `
CREATE VIRTUAL TABLE request_text_index USING fts5 (
  request_id UNINDEXED, role, content, endpoint, model_original, model_mapped,
  tokenize = 'unicode61', content = 'fts_src', content_rowid = 'id'
);
CREATE TABLE fts_state (indexed_to INTEGER NOT NULL) STRICT;
INSERT INTO fts_state VALUES (0);
`
const DROP_INDEX = 'DROP TABLE IF EXISTS request_text_index; DROP TABLE IF EXISTS fts_state;'
const COLUMNS = 'request_id, role, content, endpoint, model_original, model_mapped'

/** Fragments in the index, and requests that hold no text. */
export interface IndexCounts {
  indexed: number
  skipped: number
}

export function hasTextIndex(db: Connection): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'fts_state'").get() !== undefined
}

/** Creates the index if there is none and brings it up to date; inside the transaction of whoever calls. */
export function indexNewMessages(db: Connection): void {
  if (!hasTextIndex(db)) db.exec(CREATE_INDEX)
  db.exec(`
    INSERT INTO request_text_index (rowid, ${COLUMNS})
      SELECT id, ${COLUMNS} FROM fts_src WHERE id > (SELECT indexed_to FROM fts_state) ORDER BY id;
    UPDATE fts_state SET indexed_to = (SELECT COALESCE(max(id), 0) FROM msg);
  `)
}

export function buildTextIndex(db: Connection): IndexCounts {
  return inTransaction(db, () => {
    indexNewMessages(db)
    const indexed = db.prepare('SELECT count(*) FROM request_text_index_docsize').pluck().get()
    const skipped = db.prepare('SELECT count(*) FROM req WHERE texts = 0').pluck().get()
    return { indexed: Number(indexed), skipped: Number(skipped) }
  })
}

export function dropTextIndex(db: Connection): void {
  inTransaction(db, () => db.exec(DROP_INDEX))
}

/** Messages that the index does not know yet. */
export function unindexedMessages(db: Connection): number {
  const sql = 'SELECT count(*) FROM msg_first WHERE msg > (SELECT indexed_to FROM fts_state)'
  return Number(db.prepare(sql).pluck().get())
}
