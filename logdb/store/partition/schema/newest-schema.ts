import { triggersOn } from '../../rollups/rollups.ts'
import { INNER_PREFIX } from '../../tables/inner-names.ts'
import { hashKey, viewOfWholeMessages } from '../../tables/message-tables.ts'
import { DURATIONS, definitions, KIND_TYPES, PLAIN_TYPES } from '../../tables/request-columns.ts'
import { viewOfWholeRequests } from '../../tables/request-tables.ts'
import { TOKEN_PARTS, viewOfMessages, viewsSince13 } from './partition-views.ts'

/**
 * A partition holds the requests of a day or a week. A chat request repeats the whole conversation, so each distinct
 * message is stored once (`z_msg`), a conversation is a path in a tree of messages (`z_node`), and a request points to its
 * last message (`tip`). The views put the bodies together again, byte for byte, in plain SQL.
 *
 * The table `ingest_sources` and the view `requests` have exactly the columns of the predecessor, because its tools
 * copy rows with `SELECT *`. So `ingest_sources` has a column `sha256`, which stays NULL.
 */
const TABLES = `
CREATE TABLE servers (
  server_id TEXT PRIMARY KEY, hostname TEXT, env TEXT, first_seen_ts INTEGER
) STRICT;
CREATE TABLE ingest_sources (
  source_path TEXT PRIMARY KEY, sha256 TEXT, bytes_ingested INTEGER, mtime INTEGER, last_scan_ts INTEGER
) STRICT;
-- How far each source was read when rows from it were last written here; committed together with those rows.
CREATE TABLE "z_ingest_marks" (
  source_id INTEGER PRIMARY KEY, source_key TEXT NOT NULL UNIQUE, end_off INTEGER NOT NULL
) STRICT;
-- h: first 16 bytes of the SHA-256 of the JSON, which is canonical. form: whose role the text has around it, as in the view
-- z_msg; 0 if that is the whole message. text: empty if the message is put together from pieces.
CREATE TABLE "z_msg_row" (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL, form INTEGER NOT NULL, text TEXT NOT NULL
) STRICT;
-- parent 0: first message of a conversation.
CREATE TABLE "z_node" (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, msg INTEGER NOT NULL, depth INTEGER NOT NULL
) STRICT;
-- Every conversation that a request sent, by its last node (tip). h: chain_hash of the h of the conversation without its last
-- message and of that of the message, so it is the same in every partition. conv_root: the shortest conversation sent in this
-- partition that this one begins with, often itself.
CREATE TABLE "z_conv" (
  tip INTEGER PRIMARY KEY, h BLOB NOT NULL, conv_root INTEGER NOT NULL
) STRICT;
-- What is searched of a message that an earlier version stored, where that is not simply its role and content.
CREATE TABLE "z_msg_text" (
  msg INTEGER PRIMARY KEY, role TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
-- Every message that can be searched, with the first request that held it.
CREATE TABLE "z_msg_first" (
  msg INTEGER PRIMARY KEY, req INTEGER NOT NULL
) STRICT;
-- The messages (text) with what is searched of a message (msg) that is more than a role and a text. These have only that, and
-- are in z_msg_first, so that messages in different forms share them.
CREATE TABLE "z_msg_form" (
  msg INTEGER NOT NULL, text INTEGER NOT NULL, PRIMARY KEY (msg, text)
) STRICT, WITHOUT ROWID;
-- The last message that is older than the table before; 0 if none is.
CREATE TABLE "z_msg_form_after" (
  msg INTEGER NOT NULL
) STRICT;
INSERT INTO z_msg_form_after VALUES (0);
-- For each piece its own text, and after it bytes of the JSON of another message, from start, counted from 1. The last piece
-- may have no other message.
CREATE TABLE "z_msg_piece" (
  msg INTEGER NOT NULL, seq INTEGER NOT NULL, own TEXT NOT NULL, text INTEGER, start INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (msg, seq)
) STRICT, WITHOUT ROWID;
-- What many requests have in common. h: the first 8 bytes of a SHA-256.
CREATE TABLE "z_req_kind" (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL, ${definitions(KIND_TYPES)}
) STRICT;
-- What bodies have before and after their messages. In that of an answer %s stands for a value, and %% for %.
CREATE TABLE "z_req_frame" (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL, head TEXT NOT NULL, tail TEXT NOT NULL
) STRICT;
-- The rest of each request; the view z_req shows all of it. request_id: as bytes, and other_id if that cannot be. us: after ts.
-- timestamp: empty if it is ts and us in the usual form. _us: in whole microseconds, and _ms if that cannot be.
-- sent, answered: frames of the bodies, the values of the second are in head_values and tail_values.
-- x_dialog_id: as the client sent it; dialog_id: as assigned. texts: searchable texts.
-- src, src_off, src_len: where the record stands (z_ingest_marks.source_id, bytes).
CREATE TABLE "z_req_row" (
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, request_id BLOB, other_id TEXT, us INTEGER, timestamp TEXT,
  ${DURATIONS.map((name) => `${name}_us INTEGER, ${name}_ms REAL`).join(', ')},
  sent INTEGER NOT NULL, answered INTEGER NOT NULL, head_values TEXT, tail_values TEXT,
  ${definitions(PLAIN_TYPES)}
) STRICT;
-- Requests that were forgotten; reading their log again does not bring them back.
CREATE TABLE "z_forgotten" (
  request_id TEXT PRIMARY KEY, forgotten_ts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- One row in a partition that is sealed: nobody means to write to it any more.
CREATE TABLE "z_seal" (
  sealed_ts INTEGER NOT NULL
) STRICT;
CREATE TABLE "z_rollup" (
  hour INTEGER NOT NULL, dimension TEXT NOT NULL, name TEXT, label TEXT, requests INTEGER NOT NULL, errors INTEGER NOT NULL,
  cut INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, latencies BLOB NOT NULL
, ${TOKEN_PARTS.map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(', ')}, cost_nano INTEGER, costs INTEGER, first_bytes BLOB) STRICT;
CREATE TABLE "z_rollup_stale" (
  hour INTEGER PRIMARY KEY
) STRICT;
`

const INDEXES = `
CREATE INDEX idx_requests_endpoint ON "z_req_kind" (endpoint);
CREATE INDEX idx_requests_status ON "z_req_kind" (status_code);
CREATE INDEX idx_requests_model_orig ON "z_req_kind" (model_original);
CREATE INDEX idx_requests_model_mapped ON "z_req_kind" (model_mapped);
CREATE INDEX idx_requests_api ON "z_req_kind" (api_key_hash);
CREATE INDEX idx_requests_ts ON "z_req_row" (ts, kind, latency_us, latency_ms);
CREATE INDEX req_kind_by_hash ON "z_req_kind" (h);
CREATE INDEX req_frame_by_hash ON "z_req_frame" (h);
-- A list is filtered by the name of a key as by its hash.
CREATE INDEX req_by_key_name ON "z_req_kind" (api_key_name);
CREATE UNIQUE INDEX req_by_request_id ON "z_req_row" (COALESCE(other_id, lower(hex(request_id))));
CREATE INDEX req_by_kind ON "z_req_row" (kind);
CREATE INDEX req_by_tip ON "z_req_row" (tip) WHERE tip IS NOT NULL;
CREATE INDEX req_by_resp_msg ON "z_req_row" (resp_msg) WHERE resp_msg IS NOT NULL;
-- As in the views, where it is used by: WHERE dialog_id = ...
CREATE INDEX req_by_dialog ON "z_req_row" (COALESCE(x_dialog_id, dialog_id)) WHERE COALESCE(x_dialog_id, dialog_id) IS NOT NULL;
CREATE INDEX req_by_x_request_id ON "z_req_row" (x_request_id) WHERE x_request_id IS NOT NULL;
CREATE UNIQUE INDEX msg_by_hash ON "z_msg_row" (${hashKey('h')});
CREATE INDEX msg_form_by_text ON "z_msg_form" (text);
-- A conversation of one message needs one index only: what depends on a longer path is found by parent <> 0.
CREATE UNIQUE INDEX node_by_msg ON "z_node" (msg, parent);
CREATE INDEX node_by_parent ON "z_node" (parent, msg) WHERE parent <> 0;
CREATE INDEX conv_by_hash ON "z_conv" (${hashKey('h')});
-- Most conversations are their own root.
CREATE INDEX conv_by_root ON "z_conv" (conv_root) WHERE conv_root <> tip;
CREATE INDEX rollup_by_hour ON "z_rollup" (hour, dimension);
`

/** And the triggers. */
export const NEWEST_VIEWS = `${viewOfWholeMessages(INNER_PREFIX)}${viewOfMessages(INNER_PREFIX)}
${viewOfWholeRequests(INNER_PREFIX)}${viewsSince13(INNER_PREFIX)}${triggersOn('req_row', INNER_PREFIX)}`

/**
 * What all migrations together make of an empty file, to the letter, so that a new partition takes 3 ms in place of 19. The
 * quotes are those that SQLite puts around the names of tables that it renames.
 */
export const NEWEST_SCHEMA = `${TABLES}${INDEXES}${NEWEST_VIEWS}`
