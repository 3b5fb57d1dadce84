import type { Schema } from '../sqlite/migrate.ts'
import { chainHash } from './chain-hash.ts'

/**
 * A partition holds the requests of a day or a week. A chat request repeats the whole conversation, so each distinct
 * message is stored once (`msg`), a conversation is a path in a tree of messages (`node`), and a request points to its
 * last message (`tip`). The views put the bodies together again, byte for byte, in plain SQL.
 *
 * The table `ingest_sources` and the view `requests` have exactly the columns of the predecessor, because its tools
 * copy rows with `SELECT *`. So `ingest_sources` has a column `sha256`, which stays NULL.
 */
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
-- h: first 16 bytes of the SHA-256 of json, which is canonical.
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

CREATE VIEW request_details AS SELECT
  request_id, server_id, ts, endpoint, model_original, model_mapped, status_code, latency_ms, api_key_hash,
  req_head || CASE WHEN tip IS NULL THEN '' ELSE (
    WITH RECURSIVE chain (n) AS (
      SELECT tip UNION ALL SELECT parent FROM node, chain WHERE node.id = chain.n AND parent <> 0
    )
    SELECT group_concat(j, ', ') FROM (
      SELECT msg.json AS j FROM chain JOIN node ON node.id = chain.n JOIN msg ON msg.id = node.msg ORDER BY node.depth
    )
  ) END || req_tail AS request_json,
  resp_head || COALESCE((SELECT json FROM msg WHERE id = resp_msg), '') || resp_tail AS response_json,
  COALESCE(x_dialog_id, dialog_id) AS dialog_id,
  timestamp, ts_us, x_request_id, method, provider, stream, outcome, finish_reason, ttfb_ms, overhead_ms,
  bytes_in, bytes_out, release, api_key_name, tokens_in, tokens_out
FROM req;
CREATE VIEW requests AS SELECT
  request_id, server_id, ts, endpoint, model_original, model_mapped, status_code, latency_ms, api_key_hash,
  request_json, response_json, dialog_id
FROM request_details;
CREATE TRIGGER requests_dialog INSTEAD OF UPDATE OF dialog_id ON requests BEGIN
  UPDATE req SET dialog_id = NEW.dialog_id WHERE request_id = OLD.request_id;
END;
CREATE VIEW fts_src AS SELECT
  m.id AS id,
  r.request_id AS request_id,
  COALESCE(t.role, json_extract(m.json, '$.role')) AS role,
  COALESCE(t.text, json_extract(m.json, '$.content')) AS content,
  r.endpoint AS endpoint,
  r.model_original AS model_original,
  r.model_mapped AS model_mapped
FROM msg_first f JOIN msg m ON m.id = f.msg JOIN req r ON r.id = f.req LEFT JOIN msg_text t ON t.msg = f.msg;
`

const CONVERSATIONS = `
-- Every conversation that a request sent, by its last node (req.tip). h: chain_hash of the h of the conversation without
-- its last message and of msg.h, so it is the same in every partition. conv_root: the shortest conversation sent in this
-- partition that this one begins with, often itself.
CREATE TABLE conv (
  tip INTEGER PRIMARY KEY, h BLOB NOT NULL UNIQUE, conv_root INTEGER NOT NULL
) STRICT;
CREATE INDEX conv_by_root ON conv (conv_root);
INSERT INTO conv (tip, h, conv_root)
  WITH RECURSIVE path (node, h, root) AS (
    SELECT node.id, chain_hash(x'', msg.h), CASE WHEN EXISTS (SELECT 1 FROM req WHERE tip = node.id) THEN node.id END
    FROM node JOIN msg ON msg.id = node.msg WHERE node.parent = 0
    UNION ALL
    SELECT node.id, chain_hash(path.h, msg.h),
      COALESCE(path.root, CASE WHEN EXISTS (SELECT 1 FROM req WHERE tip = node.id) THEN node.id END)
    FROM path JOIN node ON node.parent = path.node JOIN msg ON msg.id = node.msg
  )
  SELECT node, h, root FROM path WHERE EXISTS (SELECT 1 FROM req WHERE tip = node);
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

/** Version 1 are the predecessor's files, which carry no number. */
export const PARTITION_SCHEMA: Schema = {
  applicationId: 0x4c474442,
  firstVersion: 2,
  migrations: [
    { number: 1, sql: INITIAL },
    { number: 2, sql: CONVERSATIONS },
    { number: 3, sql: DIALOGS_AND_ERASURE },
    { number: 4, sql: SEAL },
  ],
  functions: { chain_hash: chainHash },
}
