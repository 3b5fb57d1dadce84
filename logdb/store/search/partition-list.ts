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

const COLUMNS = `
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

/** The same order in all partitions, also for requests of the same second. */
const LATEST_FIRST = 'r.ts DESC, r.ts_us DESC, r.request_id DESC'
const BEFORE = `(r.ts <= @beforeS AND (r.ts < @beforeS
  OR (COALESCE(r.ts_us, 0), r.request_id) < (@beforeUs, @beforeId)))`

/** Orders as LATEST_FIRST does. */
export function compareLatestFirst(a: ListPlace, b: ListPlace): number {
  if (a.ts !== b.ts) return b.ts - a.ts
  const [aUs, bUs] = [a.tsUs ?? 0, b.tsUs ?? 0]
  if (aUs !== bUs) return bUs - aUs
  if (a.requestId === b.requestId) return 0
  return a.requestId < b.requestId ? 1 : -1
}

/** The latest requests that pass the filter, the latest first; only those before a place, if there is one. */
export function latestRequests(
  db: Connection,
  filter: RequestFilter,
  limit: number,
  before?: ListPlace,
): RequestSummary[] {
  const conditions = [...requestConditions(filter), ...(before ? [BEFORE] : [])]
  const sql = `SELECT ${COLUMNS} FROM req r ${where(conditions)} ORDER BY ${LATEST_FIRST} LIMIT @limit`
  const place = before && { beforeS: before.ts, beforeUs: before.tsUs ?? 0, beforeId: before.requestId }
  return db
    .prepare<[Record<string, unknown>], RequestSummary>(sql)
    .all({ ...filterParameters(filter), ...place, limit })
}

/** The last requests after a row that pass the filter, in the order in which they were written. */
export function requestsAfter(
  db: Connection,
  filter: RequestFilter,
  { row, limit = Number.MAX_SAFE_INTEGER }: { row: number; limit?: number | undefined },
): RequestSummary[] {
  const conditions = where([...requestConditions(filter), 'r.id > @row'])
  const sql = `SELECT ${COLUMNS} FROM req r ${conditions} ORDER BY r.id DESC LIMIT @limit`
  const statement = db.prepare<[Record<string, unknown>], RequestSummary>(sql)
  return statement.all({ ...filterParameters(filter), row, limit }).reverse()
}

/** 0 if there are none. */
export function lastRow(db: Connection): number {
  return Number(db.prepareValue('SELECT COALESCE(max(id), 0) FROM req').get())
}

/** JSON of the messages of a conversation, the last one first. */
export function* messagesFrom(db: Connection, tip: number): Generator<string> {
  const step = db.prepare<[number], { parent: number; json: string }>(
    'SELECT node.parent AS parent, json FROM node JOIN message ON message.id = node.msg WHERE node.id = ?',
  )
  for (let node = tip; node !== 0; ) {
    const found = step.get(node)
    if (!found) return
    yield found.json
    node = found.parent
  }
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}
