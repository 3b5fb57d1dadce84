import type { IncomingHttpHeaders } from 'node:http'
import type { ApiProblem } from '../problems.ts'

/** An attempt that failed before the client got a byte. */
export interface UpstreamFailure {
  /** Undefined if there was no answer at all. */
  status?: number
  headers: IncomingHttpHeaders
  /** For the operator's log: a status, or why there is none. */
  reason: string
}

const UNAUTHORIZED = 401
const KEY_STATUSES = new Set([UNAUTHORIZED, 402, 429])
const REQUEST_TIMEOUT = 408
/** Used where the provider says nothing about it. */
const DEFAULT_COOLING_MS = 15_000
const MAX_COOLING_MS = 5 * 60_000

/** For an error that shows only in the body. */
export function failureOf({ status, code, headers = {} }: ApiProblem): UpstreamFailure {
  const refusedKey = code === 'upstream_auth_error'
  return { status: refusedKey ? UNAUTHORIZED : status, headers, reason: code ?? String(status) }
}

/** True if another key might be accepted: this one is unknown, has no credit, or was used too often. */
export function concernsKey({ status }: UpstreamFailure): boolean {
  return status !== undefined && KEY_STATUSES.has(status)
}

/** True if another provider might answer; every other error concerns the request itself. */
export function mayWorkElsewhere(status: number): boolean {
  return status >= 500 || status === REQUEST_TIMEOUT || KEY_STATUSES.has(status)
}

/** How long a key is not used, in milliseconds: what the provider asks for, within bounds. */
export function coolingMs({ headers }: UpstreamFailure): number {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN)
  const after = headers['retry-after'] ?? ''
  const seconds = /^\d+(\.\d+)?$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000
  const asked = Number.isNaN(ms) ? seconds * 1000 : ms
  return asked > 0 ? Math.min(asked, MAX_COOLING_MS) : DEFAULT_COOLING_MS
}
