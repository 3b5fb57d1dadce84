import type { TimeRange } from '../folder/partition-files.ts'
import type { Connection } from '../sqlite/open.ts'

/** What counts of a request. */
export type RequestFigures = [
  /** Since 1970, UTC. */
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

/** Of every request of these times. */
export function requestFigures(
  db: Connection,
  { sinceS, toS }: TimeRange = ALL_TIMES,
): IterableIterator<RequestFigures> {
  const sql = `
    SELECT ts / 86400, COALESCE(model_original, model_mapped), api_key_hash, api_key_name, status_code, latency_ms,
      tokens_in, tokens_out
    FROM req WHERE ts BETWEEN ? AND ?`
  return db.prepare<[number, number], RequestFigures>(sql).raw().iterate(sinceS, toS)
}
