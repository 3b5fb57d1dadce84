import type { Connection } from '../sqlite/engine.ts'

/**
 * A request, as a row of the view request_details. Converted requests, and records of the predecessor, have null in most of
 * the columns.
 * @example
 * const details: RequestDetails = await findRequest('logs/db', '3fa2c9')
 */
export interface RequestDetails {
  /** 64 hex digits. */
  request_id: string
  /** The server that wrote the log. */
  server_id: string
  /** Seconds since 1970. */
  ts: number
  /** For example /v1/chat/completions. */
  endpoint: string
  /** The model as the client asked for it. */
  model_original: string | null
  /** The model that answered. */
  model_mapped: string | null
  /** HTTP status. */
  status_code: number | null
  latency_ms: number | null
  api_key_hash: string | null
  /** Canonical JSON, with sorted keys. */
  request_json: string
  /** Canonical JSON, with sorted keys. */
  response_json: string
  /** Named by the client, or assigned. */
  dialog_id: string | null
  /** As it is written in the log. */
  timestamp: string | null
  /** Microseconds since 1970. */
  ts_us: number | null
  /** The id that the gateway gave the request. */
  x_request_id: string | null
  method: string | null
  provider: string | null
  /** 1 if the answer was streamed, else 0. */
  stream: number | null
  /** ok, client_aborted, upstream_error, upstream_truncated or rejected. */
  outcome: string | null
  finish_reason: string | null
  /** From the end of the request to the first byte of the answer. */
  ttfb_ms: number | null
  /** The part of the latency that the gateway itself took. */
  overhead_ms: number | null
  /** From the end of the request to when it first went to a provider. */
  dispatched_ms: number | null
  /** Further attempts: with another key, another connection or a fallback. */
  retries: number | null
  /** Size of the request body. */
  bytes_in: number | null
  /** Size of the response body. */
  bytes_out: number | null
  /** Release of the gateway. */
  release: string | null
  api_key_name: string | null
  /** The whole input. */
  tokens_in: number | null
  /** The whole output. */
  tokens_out: number | null
  /** What named the dialog: a header, or `metadata.user_id` for that member of the body. */
  dialog_source: string | null
  /** Of OpenTelemetry, 32 hex digits. */
  trace_id: string | null
  /** The part of the input that was read from a cache. */
  tokens_cache_read: number | null
  /** The parts of the input that were written to a cache for five minutes, and for an hour. */
  tokens_cache_write_5m: number | null
  tokens_cache_write_1h: number | null
  /** The part of the output that is reasoning. */
  tokens_reasoning: number | null
  /** What the provider says that it cost, in its currency, as `usage.cost` of OpenRouter. */
  cost: number | null
}

/** Sorts after every character of an id. */
const AFTER_ALL = '\u{10FFFF}'

/** Ids of requests that begin with `start`, at most `limit` of them. */
export function requestIdsFrom(db: Connection, start: string, limit: number): string[] {
  const sql = 'SELECT request_id FROM z_req WHERE request_id >= ? AND request_id < ? ORDER BY request_id LIMIT ?'
  return db.prepareValue<[string, string, number], string>(sql).all(start, start + AFTER_ALL, limit)
}

/** True if a request has exactly this id. */
export function hasRequest(db: Connection, id: string): boolean {
  return db.prepare<[string]>('SELECT 1 FROM z_req WHERE request_id = ?').get(id) !== undefined
}

/** Ids of the requests with exactly this id, as converted ones may have, or with this x-request-id. */
export function requestIdsNamed(db: Connection, id: string): string[] {
  const sql = 'SELECT request_id FROM z_req WHERE request_id = ? OR x_request_id = ?'
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
  FROM z_req req JOIN z_ingest_marks ingest_marks ON ingest_marks.source_id = req.src WHERE src_len IS NOT NULL`

/** True if requests were forgotten: then rows may be missing. */
export function hasForgotten(db: Connection): boolean {
  return db.prepare('SELECT 1 FROM z_forgotten LIMIT 1').get() !== undefined
}
