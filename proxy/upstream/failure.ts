import type { IncomingHttpHeaders } from 'node:http'
import { meantStatus } from '../apis/json-facts.ts'
import type { ApiProblem } from '../problems.ts'
import { reasonIn } from './body/error-reason.ts'

/** An attempt that failed before the client got a byte. */
export interface UpstreamFailure {
  /** Undefined if there was no answer at all. */
  status?: number
  headers: IncomingHttpHeaders
  /** For the operator's log: a status, or why there is none. */
  reason: string
}

const UNAUTHORIZED = 401
const FORBIDDEN = 403
const TOO_MANY_REQUESTS = 429
const KEY_STATUSES = new Set([UNAUTHORIZED, 402, FORBIDDEN, TOO_MANY_REQUESTS])
/** Often concern only one model, while the key may use the others. */
const MODEL_STATUSES = new Set([FORBIDDEN, TOO_MANY_REQUESTS])
const REQUEST_TIMEOUT = 408
/** Used where the provider says nothing about it. */
const DEFAULT_COOLING_MS = 15_000
const MAX_COOLING_MS = 5 * 60_000
/** A refusal of what the client sent, which no other key changes, unless it names the key. */
const ABOUT_CONTENT = /moderation|flagged|content.?(?:filter|policy)/i
const ABOUT_KEY = /(?<![a-z])(?:(?:api.?)?keys?|accounts?|organi[sz]ations?|credentials?)(?![a-z])|suspend|leaked/i
/** Also if it names the key, such as in what the client sent. */
const SURELY_ABOUT_CONTENT =
  /"flagged_input"|(?<![a-z])(?:input|prompt|message|request|image|text|content)s?(?: (?:was|were|is|are|has|have|been)){1,2}(?: \w+)? flagged/i
const CODES = /"(?:code|type|status|reason)"\s*:\s*"([^"]{1,100})"/g

/** For an error that the provider's normaliser understands. */
export function failureOf({ status, code, headers = {} }: ApiProblem): UpstreamFailure {
  const hasRefusedKey = code === 'upstream_auth_error'
  return { status: hasRefusedKey ? UNAUTHORIZED : status, headers, reason: code ?? String(status) }
}

/** For an error that came with status 200. */
export function failureIn(error: unknown): UpstreamFailure {
  const status = meantStatus(error)
  return { status, headers: {}, reason: `${status} in an answer with status 200` }
}

/** True if another key might be accepted: this one is unknown, has no credit, is blocked, or was used too often. */
export function concernsKey({ status }: UpstreamFailure): boolean {
  return status !== undefined && KEY_STATUSES.has(status)
}

/** True if a key may be refused for one model and accepted for another. */
export function concernsModel({ status }: UpstreamFailure): boolean {
  return status !== undefined && MODEL_STATUSES.has(status)
}

/** True if another key or provider might answer; every other error concerns the request itself. */
export function mayWorkElsewhere({ status }: UpstreamFailure, body: Buffer): boolean {
  if (status === undefined) return true
  if (status === FORBIDDEN) return !isAboutContent(body)
  return status >= 500 || status < 400 || status === REQUEST_TIMEOUT || KEY_STATUSES.has(status)
}

function isAboutContent(body: Buffer): boolean {
  const text = body.toString('latin1')
  if (!ABOUT_CONTENT.test(text)) return false
  if (SURELY_ABOUT_CONTENT.test(text)) return true
  const codes = [...text.matchAll(CODES)].map(([, code]) => code)
  return ![reasonIn(body), ...codes].some((words) => words !== undefined && ABOUT_KEY.test(words))
}

/** How long a key is not used, in milliseconds: what the provider asks for, within bounds; 0 if it may be used now. */
export function coolingMs({ headers }: UpstreamFailure): number {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN)
  const after = headers['retry-after'] ?? ''
  const seconds = /^\d+(\.\d+)?$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000
  const asked = Number.isNaN(ms) ? seconds * 1000 : ms
  return Number.isNaN(asked) ? DEFAULT_COOLING_MS : Math.min(Math.max(asked, 0), MAX_COOLING_MS)
}
