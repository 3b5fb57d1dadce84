import type { IncomingHttpHeaders } from 'node:http'

/** An attempt that failed before the client got a byte. */
export interface UpstreamFailure {
  /** Undefined if no answer came at all. */
  status?: number
  headers: IncomingHttpHeaders
  /** For the operator's log and the metrics: a status, or why there is none. */
  reason: string
}

const KEY_STATUSES = new Set([401, 402, 429])
const REQUEST_TIMEOUT = 408
/** Without a word of the provider on it. */
const DEFAULT_COOLING_MS = 15_000
const MAX_COOLING_MS = 5 * 60_000

/** True if another key might be let in: it was not known, has no credit, or was used too much. */
export function concernsKey({ status }: UpstreamFailure): boolean {
  return status !== undefined && KEY_STATUSES.has(status)
}

/** True if another provider might answer; every other error is about the request itself. */
export function mayWorkElsewhere(status: number): boolean {
  return status >= 500 || status === REQUEST_TIMEOUT || KEY_STATUSES.has(status)
}

/** How long to leave a key alone. */
export function coolingMs({ headers }: UpstreamFailure): number {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN)
  const after = headers['retry-after'] ?? ''
  const seconds = /^\d+(\.\d+)?$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000
  const asked = Number.isNaN(ms) ? seconds * 1000 : ms
  return asked > 0 ? Math.min(asked, MAX_COOLING_MS) : DEFAULT_COOLING_MS
}
