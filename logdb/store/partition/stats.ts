import type { TimeRange } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'

/** The figures of a request for `stats`. */
export type RequestFigures = [
  /** Days since 1970, UTC. */
  day: number,
  model: string | null,
  keyHash: string | null,
  keyName: string | null,
  statusCode: number | null,
  latencyMs: number | null,
  tokensIn: number | null,
  tokensOut: number | null,
]

const ALL_TIMES: TimeRange = { sinceS: 0, toS: Number.MAX_SAFE_INTEGER }

/** The figures of every request of these times. */
export function requestFigures(
  db: Connection,
  { sinceS, toS }: TimeRange = ALL_TIMES,
): IterableIterator<RequestFigures> {
  const sql = `
    SELECT ts / 86400, COALESCE(model_original, model_mapped), api_key_hash, api_key_name, status_code, latency_ms,
      tokens_in, tokens_out
    FROM req WHERE ts BETWEEN ? AND ?`
  return db.prepareTuple<[number, number], RequestFigures>(sql).iterate(sinceS, toS)
}
