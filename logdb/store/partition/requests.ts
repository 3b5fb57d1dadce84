import type { Connection } from '../sqlite/engine.ts'

/** A row of the view request_details, under its names there. */
export interface RequestDetails {
  request_id: string
  server_id: string
  /** Seconds since 1970. */
  ts: number
  endpoint: string
  model_original: string | null
  model_mapped: string | null
  status_code: number | null
  latency_ms: number | null
  api_key_hash: string | null
  /** Canonical JSON, as is the response. */
  request_json: string
  response_json: string
  dialog_id: string | null
  timestamp: string | null
  ts_us: number | null
  x_request_id: string | null
  method: string | null
  provider: string | null
  /** 0 or 1. */
  stream: number | null
  outcome: string | null
  finish_reason: string | null
  ttfb_ms: number | null
  overhead_ms: number | null
  bytes_in: number | null
  bytes_out: number | null
  release: string | null
  api_key_name: string | null
  tokens_in: number | null
  tokens_out: number | null
}

/** Sorts after every character of an id. */
const AFTER_ALL = '\u{10FFFF}'

/** Ids of requests that begin with `start`, at most `limit` of them. */
export function requestIdsFrom(db: Connection, start: string, limit: number): string[] {
  const sql = 'SELECT request_id FROM req WHERE request_id >= ? AND request_id < ? ORDER BY request_id LIMIT ?'
  return db.prepareValue<[string, string, number], string>(sql).all(start, start + AFTER_ALL, limit)
}

/** Ids of the requests with exactly this id, as converted ones may have, or with this x-request-id. */
export function requestIdsNamed(db: Connection, id: string): string[] {
  const sql = 'SELECT request_id FROM req WHERE request_id = ? OR x_request_id = ?'
  return db.prepareValue<[string, string], string>(sql).all(id, id)
}

/** The requests with these ids, in this order; missing ones are left out. */
export function readRequests(db: Connection, requestIds: readonly string[]): RequestDetails[] {
  const statement = db.prepare<[string], RequestDetails>('SELECT * FROM request_details WHERE request_id = ?')
  return requestIds.flatMap((id) => statement.get(id) ?? [])
}

/** Ids of the requests of a dialog, in the order of time. */
export function requestIdsOfDialog(db: Connection, dialogId: string): string[] {
  const sql = 'SELECT request_id FROM request_details WHERE dialog_id = ? ORDER BY ts, ts_us, request_id'
  return db.prepareValue<[string], string>(sql).all(dialogId)
}

/** Where the records of a partition's rows stand in their logs, in bytes, by the key of their source. */
export function recordPlaces(db: Connection): IterableIterator<{ key: string; offset: number; length: number }> {
  return db.prepare<[], { key: string; offset: number; length: number }>(PLACES).iterate()
}

const PLACES = `
  SELECT source_key AS key, src_off AS offset, src_len AS length
  FROM req JOIN ingest_marks ON ingest_marks.source_id = req.src WHERE src_len IS NOT NULL`

/** True if requests were forgotten: then rows may be missing. */
export function hasForgotten(db: Connection): boolean {
  return db.prepare('SELECT 1 FROM forgotten LIMIT 1').get() !== undefined
}
