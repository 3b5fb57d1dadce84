import { readFileSync, statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { canonicalJson } from '../../../logdb/canon/canonical-reader.ts'

/** The predecessor's tables, with a text index as it builds it: each request's messages again, with their text. */
const SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE requests (
  request_id TEXT PRIMARY KEY, server_id TEXT NOT NULL, ts INTEGER NOT NULL, endpoint TEXT NOT NULL, model_original TEXT,
  model_mapped TEXT, status_code INTEGER, latency_ms REAL, api_key_hash TEXT, request_json TEXT NOT NULL,
  response_json TEXT NOT NULL, dialog_id TEXT
);
CREATE INDEX idx_requests_ts ON requests (ts);
CREATE INDEX idx_requests_endpoint ON requests (endpoint);
CREATE INDEX idx_requests_status ON requests (status_code);
CREATE INDEX idx_requests_model_orig ON requests (model_original);
CREATE INDEX idx_requests_model_mapped ON requests (model_mapped);
CREATE INDEX idx_requests_api ON requests (api_key_hash);
CREATE VIRTUAL TABLE request_text_index USING fts5 (
  request_id UNINDEXED, role, content, endpoint, model_original, model_mapped, tokenize = 'unicode61'
);
`
const REQUEST = 'INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)'
const FRAGMENT = 'INSERT INTO request_text_index VALUES (?, ?, ?, ?, ?, ?)'
const SERVER_ID = '11111111-2222-3333-4444-555555555555'

interface Message {
  role: string
  content: string | null
}

interface Logged {
  timestamp: string
  endpoint: string
  status_code: number
  latency_ms: number
  api_key_hash: string
  model_original: string
  model_mapped: string
  request: { messages: Message[] }
  response: { choices: { message: Message }[] }
}

/** Puts a JSON Lines log into the predecessor's tables and returns the size of the file in bytes. */
export function storeStraightforwardly(log: string, path: string): number {
  const db = new Sqlite(path)
  db.exec(SCHEMA)
  const [insertRequest, insertFragment] = [db.prepare(REQUEST), db.prepare(FRAGMENT)]
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
  db.transaction(() => {
    for (const [index, line] of lines.entries()) {
      const logged: Logged = JSON.parse(line)
      const id = index.toString(16).padStart(64, '0')
      const { endpoint, model_original: asked, model_mapped: mapped } = logged
      const [request, response] = [canonicalText(logged.request), canonicalText(logged.response)]
      const ts = Math.floor(Date.parse(logged.timestamp) / 1000)
      const { status_code: status, latency_ms: latencyMs, api_key_hash: key } = logged
      insertRequest.run(id, SERVER_ID, ts, endpoint, asked, mapped, status, latencyMs, key, request, response)
      for (const { role, content } of [
        ...logged.request.messages,
        ...logged.response.choices.map((one) => one.message),
      ]) {
        if (content) insertFragment.run(id, role, content, endpoint, asked, mapped)
      }
    }
  })()
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  return statSync(path).size
}

const canonicalText = (value: unknown) => canonicalJson(Buffer.from(JSON.stringify(value))).toString('utf8')
