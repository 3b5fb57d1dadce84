import { readFileSync, statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { canonicalJson } from '../../../logdb/canon/canonical-reader.ts'
import { PREDECESSOR_SCHEMA } from '../../helpers/logdb/predecessor-database.ts'

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

/**
 * Puts a JSON Lines log into the predecessor's tables and into its text index, which has each request's messages again,
 * with their text. Returns the size of the file in bytes.
 */
export function storeStraightforwardly(log: string, path: string): number {
  const db = new Sqlite(path)
  db.exec(PREDECESSOR_SCHEMA)
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
