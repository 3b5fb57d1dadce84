import type { TimeRange } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'

/** What `stats` counts of a request. */
export type RequestFigures = [
  /** Seconds since 1970. */
  ts: number,
  model: string | null,
  keyHash: string | null,
  keyName: string | null,
  provider: string | null,
  endpoint: string,
  outcome: string | null,
  statusCode: number | null,
  latencyMs: number | null,
  tokensIn: number | null,
  tokensOut: number | null,
  tokensCacheRead: number | null,
  tokensCacheWrite5m: number | null,
  tokensCacheWrite1h: number | null,
  tokensReasoning: number | null,
  /** To the first byte of the answer. */
  ttfbMs: number | null,
  /** As the provider says it. */
  cost: number | null,
]

/** Conditions on the view `z_req`, called `r`, and the values that they leave open. */
export interface FigureFilter {
  conditions: readonly string[]
  parameters: Record<string, unknown>
}

const NO_FILTER: FigureFilter = { conditions: [], parameters: {} }

/** Of two names of a key, `stats` shows the one that is last in this order. */
export const IN_TIME = ['ts', 'model_original', 'latency_ms', 'status_code', 'id']

/** The figures of every request of these times, in the order of time. */
export function requestFigures(
  db: Connection,
  { sinceS, toS }: TimeRange,
  { conditions, parameters }: FigureFilter = NO_FILTER,
): IterableIterator<RequestFigures> {
  const sql = `
    SELECT ts, COALESCE(model_original, model_mapped), api_key_hash, api_key_name, provider, endpoint, outcome,
      status_code, latency_ms, tokens_in, tokens_out, tokens_cache_read, tokens_cache_write_5m, tokens_cache_write_1h,
      tokens_reasoning, ttfb_ms, cost
    FROM z_req r WHERE ${['ts BETWEEN @sinceS AND @toS', ...conditions].join(' AND ')} ORDER BY ${IN_TIME.join(', ')}`
  const statement = db.prepareTuple<[Record<string, unknown>], RequestFigures>(sql)
  return statement.iterate({ ...parameters, sinceS, toS })
}

/** By what the requests of an hour are grouped. */
export const DIMENSIONS = ['all', 'model', 'key', 'provider', 'endpoint', 'outcome', 'status'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** The group of a request in each dimension. */
export function groupsOf(figures: RequestFigures): Record<Dimension, string | null> {
  const [, model, keyHash, , provider, endpoint, outcome, statusCode] = figures
  const status = statusCode === null ? null : String(statusCode)
  return { all: null, model, key: keyHash, provider, endpoint, outcome, status }
}
