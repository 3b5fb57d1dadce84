import type { Connection } from '../sqlite/engine.ts'
import { filterParameters, type RequestFilter, requestConditions } from './request-filter.ts'

/** A request without its bodies. */
export interface RequestSummary {
  /** Number of the row in its partition; later rows have higher ones. */
  row: number
  requestId: string
  /** Seconds since 1970. */
  ts: number
  /** Microseconds since 1970, if the log has them. */
  tsUs: number | null
  endpoint: string
  /** As the client asked. */
  modelOriginal: string | null
  /** As the provider answered. */
  modelMapped: string | null
  statusCode: number | null
  /** ok, client_aborted, upstream_error, upstream_truncated or rejected. */
  outcome: string | null
  provider: string | null
  /** 1 if the answer was streamed, else 0. */
  stream: number | null
  latencyMs: number | null
  /** From the end of the request to the first byte of the answer, in milliseconds. */
  ttfbMs: number | null
  apiKeyHash: string | null
  apiKeyName: string | null
  tokensIn: number | null
  tokensOut: number | null
  /** Parts of these two. */
  tokensCacheRead: number | null
  tokensCacheWrite5m: number | null
  tokensCacheWrite1h: number | null
  tokensReasoning: number | null
  /** Named by the client, or assigned. */
  dialogId: string | null
  /** What named the dialog: a header, or `metadata.user_id` for that member of the body. */
  dialogSource: string | null
  /** Of OpenTelemetry. */
  traceId: string | null
  /** The last message of its conversation; null if its body has none. */
  tip: number | null
}

/** Of a summary, from the view `z_req`, called `r`. */
export const SUMMARY_COLUMNS = `
  r.id AS row, r.request_id AS requestId, r.ts AS ts, r.ts_us AS tsUs, r.endpoint AS endpoint, r.model_original AS modelOriginal,
  r.model_mapped AS modelMapped, r.status_code AS statusCode, r.outcome AS outcome, r.provider AS provider,
  r.stream AS stream, r.latency_ms AS latencyMs, r.ttfb_ms AS ttfbMs,
  r.api_key_hash AS apiKeyHash, r.api_key_name AS apiKeyName, r.tokens_in AS tokensIn, r.tokens_out AS tokensOut,
  COALESCE(r.x_dialog_id, r.dialog_id) AS dialogId, r.tip AS tip,
  r.tokens_cache_read AS tokensCacheRead, r.tokens_cache_write_5m AS tokensCacheWrite5m,
  r.tokens_cache_write_1h AS tokensCacheWrite1h, r.tokens_reasoning AS tokensReasoning,
  r.dialog_source AS dialogSource, r.trace_id AS traceId`

/**
 * The place of a request in the order of time.
 * @example
 * const before2025: ListPlace = { ts: Date.UTC(2025) / 1000, tsUs: null, requestId: '' }
 */
export interface ListPlace {
  /** Seconds since 1970. */
  ts: number
  /** Microseconds since 1970; null comes before all others of the same second. */
  tsUs: number | null
  requestId: string
}

/** The last requests after a row that pass the filter, in the order in which they were written. */
export function requestsAfter(
  db: Connection,
  filter: RequestFilter,
  { row, limit = Number.MAX_SAFE_INTEGER }: { row: number; limit?: number | undefined },
): RequestSummary[] {
  const conditions = where([...requestConditions(filter), 'r.id > @row'])
  const sql = `SELECT ${SUMMARY_COLUMNS} FROM z_req r ${conditions} ORDER BY r.id DESC LIMIT @limit`
  const statement = db.prepare<[Record<string, unknown>], RequestSummary>(sql)
  return statement.all({ ...filterParameters(filter), row, limit }).reverse()
}

/** 0 if there are none. */
export function lastRow(db: Connection): number {
  return Number(db.prepareValue('SELECT COALESCE(max(id), 0) FROM z_req').get())
}

/** The messages of a conversation, by the node of each, the last one first. */
export function* messagesFrom(db: Connection, tip: number): Generator<{ node: number; json: string }> {
  const step = db.prepare<[number], { parent: number; json: string }>(
    'SELECT node.parent AS parent, json FROM z_node node JOIN message ON message.id = node.msg WHERE node.id = ?',
  )
  for (let node = tip; node !== 0; ) {
    const found = step.get(node)
    if (!found) return
    yield { node, json: found.json }
    node = found.parent
  }
}

/** All of the conditions must be met. */
export function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}
