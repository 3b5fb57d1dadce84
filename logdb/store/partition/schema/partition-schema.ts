import { PARTITION_APPLICATION_ID } from '../../folder/partition-files.ts'
import { ADD_COSTS, DROP_TRIGGERS, MOVE_TRIGGERS, ROLLUPS, refreshRollups } from '../../rollups/rollups.ts'
import type { Connection } from '../../sqlite/engine.ts'
import type { Schema } from '../../sqlite/migrate.ts'
import { INNER_PREFIX, INNER_TABLES, innerName, PASSING_TABLES } from '../../tables/inner-names.ts'
import { MESSAGE_TABLES } from '../../tables/message-tables.ts'
import { REQUEST_TABLE_FUNCTIONS, REQUEST_TABLES } from '../../tables/request-tables.ts'
import { chainHash } from '../chain-hash.ts'
import { NEWEST_SCHEMA, NEWEST_VIEWS } from './newest-schema.ts'
import {
  ADDED_COLUMNS,
  COLUMNS_OF_8,
  COLUMNS_OF_10,
  TOKEN_PARTS,
  viewOfMessages,
  viewOfTexts,
  viewsOfRequests,
  viewsSince13,
} from './partition-views.ts'

/** Of what newest-schema.ts describes. */
const INITIAL = `
CREATE TABLE servers (
  server_id TEXT PRIMARY KEY, hostname TEXT, env TEXT, first_seen_ts INTEGER
) STRICT;
CREATE TABLE ingest_sources (
  source_path TEXT PRIMARY KEY, sha256 TEXT, bytes_ingested INTEGER, mtime INTEGER, last_scan_ts INTEGER
) STRICT;
-- How far each source was read when rows from it were last written here; committed together with those rows.
CREATE TABLE ingest_marks (
  source_id INTEGER PRIMARY KEY, source_key TEXT NOT NULL UNIQUE, end_off INTEGER NOT NULL
) STRICT;
-- h: first 16 bytes of the SHA-256 of the JSON, which is canonical. json: empty if the message is put together from pieces.
CREATE TABLE msg (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL UNIQUE, json TEXT NOT NULL
) STRICT;
-- parent 0: first message of a conversation.
CREATE TABLE node (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, msg INTEGER NOT NULL, depth INTEGER NOT NULL, UNIQUE (parent, msg)
) STRICT;
CREATE INDEX node_by_msg ON node (msg);
-- What is searched of a message, where that is not simply its role and content.
CREATE TABLE msg_text (
  msg INTEGER PRIMARY KEY, role TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
-- Every message that can be searched, with the first request that held it.
CREATE TABLE msg_first (
  msg INTEGER PRIMARY KEY, req INTEGER NOT NULL
) STRICT;
-- timestamp: as written. x_dialog_id: as the client sent it; dialog_id: as assigned. texts: searchable texts.
-- src, src_off, src_len: where the record stands (ingest_marks.source_id, bytes).
CREATE TABLE req (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  server_id TEXT NOT NULL,
  ts INTEGER NOT NULL,
  ts_us INTEGER,
  timestamp TEXT,
  endpoint TEXT NOT NULL,
  model_original TEXT,
  model_mapped TEXT,
  status_code INTEGER,
  latency_ms REAL,
  api_key_hash TEXT,
  req_head TEXT NOT NULL,
  tip INTEGER,
  req_tail TEXT NOT NULL,
  resp_head TEXT NOT NULL,
  resp_msg INTEGER,
  resp_tail TEXT NOT NULL,
  dialog_id TEXT,
  x_dialog_id TEXT,
  x_request_id TEXT,
  method TEXT,
  provider TEXT,
  stream INTEGER,
  outcome TEXT,
  finish_reason TEXT,
  ttfb_ms REAL,
  overhead_ms REAL,
  bytes_in INTEGER,
  bytes_out INTEGER,
  release TEXT,
  api_key_name TEXT,
  tokens_in INTEGER,
  tokens_out INTEGER,
  texts INTEGER NOT NULL,
  src INTEGER,
  src_off INTEGER,
  src_len INTEGER
) STRICT;
CREATE INDEX idx_requests_ts ON req (ts, model_original, latency_ms, status_code);
CREATE INDEX idx_requests_endpoint ON req (endpoint);
CREATE INDEX idx_requests_status ON req (status_code);
CREATE INDEX idx_requests_model_orig ON req (model_original);
CREATE INDEX idx_requests_model_mapped ON req (model_mapped);
CREATE INDEX idx_requests_api ON req (api_key_hash);
CREATE INDEX req_by_tip ON req (tip) WHERE tip IS NOT NULL;
CREATE INDEX req_by_resp_msg ON req (resp_msg) WHERE resp_msg IS NOT NULL;

${viewsOfRequests([], 'msg')}
${viewOfTexts()}`

/** Every conversation that a request sent, from the tree of messages. */
export const SENT_CONVERSATIONS = `
  WITH RECURSIVE path (node, h, root) AS (
    SELECT node.id, chain_hash(x'', msg.h), CASE WHEN EXISTS (SELECT 1 FROM req WHERE tip = node.id) THEN node.id END
    FROM node JOIN msg ON msg.id = node.msg WHERE node.parent = 0
    UNION ALL
    SELECT node.id, chain_hash(path.h, msg.h),
      COALESCE(path.root, CASE WHEN EXISTS (SELECT 1 FROM req WHERE tip = node.id) THEN node.id END)
    FROM path JOIN node ON node.parent = path.node JOIN msg ON msg.id = node.msg
  )
  SELECT node, h, root FROM path WHERE EXISTS (SELECT 1 FROM req WHERE tip = node)`

const CONVERSATIONS = `
-- Every conversation that a request sent, by its last node (req.tip). h: chain_hash of the h of the conversation without
-- its last message and of msg.h, so it is the same in every partition. conv_root: the shortest conversation sent in this
-- partition that this one begins with, often itself.
CREATE TABLE conv (
  tip INTEGER PRIMARY KEY, h BLOB NOT NULL UNIQUE, conv_root INTEGER NOT NULL
) STRICT;
CREATE INDEX conv_by_root ON conv (conv_root);
INSERT INTO conv (tip, h, conv_root) ${SENT_CONVERSATIONS};
`
const DIALOGS_AND_ERASURE = `
-- As in the views, where it is used by: WHERE dialog_id = ...
CREATE INDEX req_by_dialog ON req (COALESCE(x_dialog_id, dialog_id)) WHERE COALESCE(x_dialog_id, dialog_id) IS NOT NULL;
-- Requests that were forgotten; reading their log again does not bring them back.
CREATE TABLE forgotten (
  request_id TEXT PRIMARY KEY, forgotten_ts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

const SEAL = `
-- One row in a partition that is sealed: nobody means to write to it any more.
CREATE TABLE seal (
  sealed_ts INTEGER NOT NULL
) STRICT;
`

const GATEWAY_IDS = `
CREATE INDEX IF NOT EXISTS req_by_x_request_id ON req (x_request_id) WHERE x_request_id IS NOT NULL;
`

const TOKEN_PARTS_AND_TRACES = `
${TOKEN_PARTS.map((name) => `ALTER TABLE rollup ADD COLUMN ${name} INTEGER NOT NULL DEFAULT 0;`).join('\n')}
ALTER TABLE req ADD COLUMN dialog_source TEXT;
ALTER TABLE req ADD COLUMN trace_id TEXT;
${TOKEN_PARTS.map((name) => `ALTER TABLE req ADD COLUMN ${name} INTEGER;`).join('\n')}
${dropViews('requests', 'request_details')}
${viewsOfRequests(COLUMNS_OF_8, 'msg')}
`

const TEXTS_APART = `
-- The messages (text) with what is searched of a message (msg) that is more than a role and a text. These have only that, and
-- are in msg_first, so that messages in different forms share them. Messages that are older than this table have a row in
-- msg_text or msg_first instead.
CREATE TABLE msg_form (
  msg INTEGER NOT NULL, text INTEGER NOT NULL, PRIMARY KEY (msg, text)
) STRICT, WITHOUT ROWID;
CREATE INDEX msg_form_by_text ON msg_form (text);
-- The last message that is older than these tables; 0 if none is.
CREATE TABLE msg_form_after (
  msg INTEGER NOT NULL
) STRICT;
INSERT INTO msg_form_after SELECT COALESCE(max(id), 0) FROM msg;
-- Where msg.json is empty, it consists of these: for each piece its own text, and after it bytes of the JSON of another
-- message, from start, counted from 1. The last piece may have no other message.
CREATE TABLE msg_piece (
  msg INTEGER NOT NULL, seq INTEGER NOT NULL, own TEXT NOT NULL, text INTEGER, start INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (msg, seq)
) STRICT, WITHOUT ROWID;
CREATE VIEW message AS SELECT id, h, CASE WHEN json <> '' THEN json ELSE (
    SELECT group_concat(piece, '') FROM (
      SELECT own || COALESCE(CAST(substr(CAST(other.json AS BLOB), start, size) AS TEXT), '') AS piece
      FROM msg_piece LEFT JOIN msg other ON other.id = msg_piece.text WHERE msg_piece.msg = msg.id ORDER BY seq
    )
  ) END AS json FROM msg;
${dropViews('requests', 'request_details')}
${viewsOfRequests(COLUMNS_OF_8, 'message')}
`

const COSTS = `
ALTER TABLE req ADD COLUMN cost REAL;
-- As for the hash: a list is filtered by either.
CREATE INDEX req_by_key_name ON req (api_key_name) WHERE api_key_name IS NOT NULL;
${ADD_COSTS}
${dropViews('requests', 'request_details')}
${viewsOfRequests(COLUMNS_OF_10, 'message')}
-- What an answer says itself, as that of OpenRouter does.
UPDATE req SET cost = (
  SELECT CASE WHEN json_valid(response_json) THEN
    CASE WHEN json_type(response_json, '$.usage.cost') IN ('real', 'integer')
      THEN json_extract(response_json, '$.usage.cost') END
  END
  FROM request_details d WHERE d.request_id = req.request_id
) WHERE instr(resp_tail, '"cost": ') > 0;
`

const MESSAGE_WITHOUT_HASH = `
-- No BLOB: DuckDB takes every column of a view for text.
DROP VIEW message;
${viewOfMessages()}`

const ATTEMPTS = `
-- From the end of the request to when it first went to a provider.
ALTER TABLE req ADD COLUMN dispatched_ms REAL;
-- Further attempts; NULL if there was none.
ALTER TABLE req ADD COLUMN retries INTEGER;
${dropViews('requests', 'request_details')}
${viewsOfRequests(ADDED_COLUMNS, 'message')}
`

const SHARED_VALUES = `
${dropViews('fts_src', 'requests', 'request_details')}
${REQUEST_TABLES}${MOVE_TRIGGERS}${viewsSince13()}
`

const SHORT_MESSAGES = `
${dropViews('fts_src', 'requests', 'request_details', 'message')}
${MESSAGE_TABLES}${viewOfMessages()}${viewsSince13()}
`

/** What depends on the tables is made again, so that its text says what a reader would write. */
const BEHIND_VIEWS = `
${dropViews('fts_src', 'requests', 'request_details', 'message', 'req', 'msg')}
${DROP_TRIGGERS}${INNER_TABLES.map(renamed).join('\n')}
${NEWEST_VIEWS}
`

function dropViews(...names: readonly string[]): string {
  return names.map((name) => `DROP VIEW ${name};`).join('\n')
}

function renamed(table: string): string {
  return `ALTER TABLE ${table} RENAME TO ${INNER_PREFIX}${table};`
}

function renamePassing(db: Connection): void {
  for (const table of PASSING_TABLES) if (innerName(db, table) === table) db.exec(renamed(table))
}

/** Version 1 are the predecessor's files, which carry no number. */
export const PARTITION_SCHEMA: Schema = {
  applicationId: PARTITION_APPLICATION_ID,
  firstVersion: 2,
  migrations: [
    { number: 1, sql: INITIAL },
    { number: 2, sql: CONVERSATIONS },
    { number: 3, sql: DIALOGS_AND_ERASURE },
    { number: 4, sql: SEAL },
    { number: 5, sql: GATEWAY_IDS },
    { number: 7, sql: ROLLUPS },
    { number: 8, sql: TOKEN_PARTS_AND_TRACES },
    { number: 9, sql: TEXTS_APART },
    { number: 10, sql: COSTS },
    { number: 11, sql: MESSAGE_WITHOUT_HASH },
    { number: 12, sql: ATTEMPTS },
    { number: 13, sql: SHARED_VALUES },
    { number: 14, sql: SHORT_MESSAGES },
    { number: 15, sql: BEHIND_VIEWS, after: renamePassing },
  ],
  newest: NEWEST_SCHEMA,
  functions: { chain_hash: chainHash, ...REQUEST_TABLE_FUNCTIONS },
  complete: (db) => refreshRollups(db),
}
