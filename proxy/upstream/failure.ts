import type { IncomingHttpHeaders } from 'node:http'
import type { ApiProblem } from '../problems.ts'
import type { Normaliser } from './normaliser.ts'

/** An attempt that failed before the client got a byte. */
export interface UpstreamFailure {
  /** Undefined if no answer came at all. */
  status?: number
  headers: IncomingHttpHeaders
  /** For the operator's log and the metrics: a status, or why there is none. */
  reason: string
}

/** What an attempt gives to the answer that it gets. */
export interface Attempt {
  normaliser: Normaliser | undefined
  /** Asked before a failure is told to the client; true if something else is being tried. */
  tryOther: (failure: UpstreamFailure) => boolean
}

const UNAUTHORIZED = 401
const KEY_STATUSES = new Set([UNAUTHORIZED, 402, 429])
const REQUEST_TIMEOUT = 408
/** Without a word of the provider on it. */
const DEFAULT_COOLING_MS = 15_000
const MAX_COOLING_MS = 5 * 60_000

/** For an error that shows only in the body. */
export function failureOf({ status, code, headers = {} }: ApiProblem): UpstreamFailure {
  const refusedKey = code === 'upstream_auth_error'
  return { status: refusedKey ? UNAUTHORIZED : status, headers, reason: code ?? String(status) }
}

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
