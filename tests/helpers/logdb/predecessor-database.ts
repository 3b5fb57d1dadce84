import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'

/** What the predecessor makes, word for word. */
export const PREDECESSOR_SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS servers (server_id TEXT PRIMARY KEY, hostname TEXT, env TEXT, first_seen_ts INTEGER);
CREATE TABLE IF NOT EXISTS requests (
  request_id TEXT PRIMARY KEY,
  server_id TEXT NOT NULL,
  ts INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  model_original TEXT,
  model_mapped TEXT,
  status_code INTEGER,
  latency_ms REAL,
  api_key_hash TEXT,
  request_json TEXT NOT NULL,
  response_json TEXT NOT NULL,
  dialog_id TEXT
);
CREATE TABLE IF NOT EXISTS ingest_sources (
  source_path TEXT PRIMARY KEY, sha256 TEXT, bytes_ingested INTEGER, mtime INTEGER, last_scan_ts INTEGER
);
CREATE INDEX IF NOT EXISTS idx_requests_ts ON requests (ts);
CREATE INDEX IF NOT EXISTS idx_requests_endpoint ON requests (endpoint);
CREATE INDEX IF NOT EXISTS idx_requests_status ON requests (status_code);
CREATE INDEX IF NOT EXISTS idx_requests_model_orig ON requests (model_original);
CREATE INDEX IF NOT EXISTS idx_requests_model_mapped ON requests (model_mapped);
CREATE INDEX IF NOT EXISTS idx_requests_api ON requests (api_key_hash);
CREATE VIRTUAL TABLE IF NOT EXISTS request_text_index USING fts5 (
  request_id UNINDEXED, role, content, endpoint, model_original, model_mapped, tokenize = 'unicode61'
);
`

export type PredecessorTuple = [
  requestId: string,
  serverId: string,
  ts: number,
  endpoint: string,
  modelOriginal: string | null,
  modelMapped: string | null,
  statusCode: number | null,
  latencyMs: number | null,
  apiKeyHash: string | null,
  requestJson: string,
  responseJson: string,
  dialogId: string | null,
]

/** Makes a database of the predecessor; a reader that is left open keeps its rows in the WAL. */
export function makePredecessorDatabase(path: string, rows: readonly PredecessorTuple[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const db = new Sqlite(path)
  db.exec(PREDECESSOR_SCHEMA)
  const insert = db.prepare('INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertServer = db.prepare("INSERT OR IGNORE INTO servers VALUES (?, 'old-host', 'prod', 1700000000)")
  db.transaction(() => {
    for (const row of rows) {
      insertServer.run(row[1])
      insert.run(row)
    }
  })()
  db.close()
}
