import type { Connection } from '../sqlite/engine.ts'
import { type ListPlace, type RequestSummary, SUMMARY_COLUMNS, where } from './partition-list.ts'
import { filterParameters, type RequestFilter, requestConditions } from './request-filter.ts'

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

/**
 * Among so many of the latest requests a value that is not rare is found, far sooner than all requests that have it can be
 * sorted by time.
 */
const SLICE_ROWS = 4000
const SLICE_START = 'SELECT ts FROM z_req WHERE ts <= @lastS ORDER BY ts DESC LIMIT 1 OFFSET @sliceRows'
/** The join is done in this order, so no index of a condition is used. */
const SLICE = '(SELECT id AS recent FROM z_req WHERE ts BETWEEN @sliceS AND @lastS) CROSS JOIN z_req r ON r.id = recent'
/** A value is rare if fewer than this share of a page are in the first slice. */
const RARE_SHARE = 0.1
const END_OF_TIME = Number.MAX_SAFE_INTEGER

type Values = Record<string, unknown>

/** Asks one partition after another for the latest requests that pass a filter. */
export class LatestRequests {
  readonly #limit: number
  readonly #before: ListPlace | undefined
  #isRare = false

  /** @param before only requests before this place */
  constructor(limit: number, before: ListPlace | undefined) {
    this.#limit = limit
    this.#before = before
  }

  /** The latest first. */
  in(db: Connection, filter: RequestFilter): RequestSummary[] {
    const inSlice = this.#isRare || !hasValues(filter) ? [] : this.#inSlice(db, filter)
    return inSlice.length === this.#limit
      ? inSlice
      : this.#select(db, filter, { rows: 'z_req r', also: latencyIndex(filter) })
  }

  /** The last requests of all that pass; none if the partition has only a few. */
  #inSlice(db: Connection, filter: RequestFilter): RequestSummary[] {
    const lastS = Math.min(filter.toS ?? END_OF_TIME, this.#before?.ts ?? END_OF_TIME)
    const sliceS = db.prepareValue<[Values], number>(SLICE_START).get({ lastS, sliceRows: SLICE_ROWS })
    if (sliceS === undefined) return []
    const found = this.#select(db, filter, { rows: SLICE, values: { sliceS, lastS } })
    this.#isRare = found.length < this.#limit * RARE_SHARE
    return found
  }

  #select(
    db: Connection,
    filter: RequestFilter,
    { rows, also = [], values = {} }: { rows: string; also?: string[]; values?: Values },
  ): RequestSummary[] {
    const before = this.#before
    const conditions = where([...requestConditions(filter), ...(before ? [BEFORE] : []), ...also])
    const sql = `SELECT ${SUMMARY_COLUMNS} FROM ${rows} ${conditions} ORDER BY ${LATEST_FIRST} LIMIT @limit`
    const place = before && { beforeS: before.ts, beforeUs: before.tsUs ?? 0, beforeId: before.requestId }
    return db
      .prepare<[Values], RequestSummary>(sql)
      .all({ ...filterParameters(filter), ...place, ...values, limit: this.#limit })
  }
}

/** True if it limits more than the times. */
function hasValues({ sinceS: _, toS: __, ...conditions }: RequestFilter): boolean {
  return requestConditions(conditions).length > 0
}

/** An index of times holds the latencies too, and is far smaller than the table. */
function latencyIndex({ latencyMs }: RequestFilter): string[] {
  if (latencyMs === undefined) return []
  const conditions = requestConditions({ latencyMs }).map((one) => one.replaceAll('r.', ''))
  return [`r.id IN (SELECT id FROM z_req ${where(conditions)})`]
}
