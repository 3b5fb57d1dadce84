import { isObject } from '../../kit/json.ts'
import { type Json, parseJson } from '../json/parse.ts'
import { type ApiProblem, problems, rateLimit } from '../problems.ts'

const PROVIDER = 'gemini'
const BAD_GATEWAY = 502

/** HTTP's number for each of Google's words: https://cloud.google.com/apis/design/errors */
const STATUSES = new Map([
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['OUT_OF_RANGE', 400],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['RESOURCE_EXHAUSTED', 429],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DEADLINE_EXCEEDED', 504],
])

/**
 * What Google's error means, `httpStatus` being the answer's: an object or, as its OpenAI-compatible endpoint has it, an
 * array with one. Undefined if this is neither.
 */
export function googleProblem(json: Buffer, httpStatus: number): ApiProblem | undefined {
  const body = parseJson(json.toString('utf8'))
  const { error }: Json = [body].flat().find(isObject) ?? {}
  if (!isObject(error)) return undefined
  const { status: word, code, details } = error
  if (typeof word !== 'string' && !Array.isArray(body)) return undefined
  const status = STATUSES.get(textOf(word)) ?? [httpStatus, code].find(isErrorStatus) ?? BAD_GATEWAY
  const message = textOf(error['message']) || `${PROVIDER} answered with status ${status}.`
  const facts = Array.isArray(details) ? details.filter(isObject) : []
  if (word === 'UNAUTHENTICATED' || facts.some(isAboutKey)) return problems.upstreamAuth(PROVIDER, status)
  if (status === 504) return { ...problems.upstreamTimeout(PROVIDER), message }
  if (status === 404) return { ...problems.modelNotFound(''), message }
  if (status === 429) return rateLimit(message, waitMs(facts))
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  return { status, message, type, param: null, code: typeof word === 'string' ? word.toLowerCase() : null }
}

/** Empty for what is no text: an object may have a `toString` that is no function. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isErrorStatus(code: unknown): code is number {
  return typeof code === 'number' && code >= 400 && code < 600
}

/** `API_KEY_INVALID` comes with status 400, others of its kind with 403; the key is ours, not the caller's. */
function isAboutKey({ reason }: Json): boolean {
  return typeof reason === 'string' && reason.startsWith('API_KEY_')
}

/** From google.rpc.RetryInfo, whose delay is written as `17.4s`. */
function waitMs(facts: Json[]): number | undefined {
  const delays = facts.map(({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(textOf(retryDelay))?.[1])
  const seconds = delays.find((delay) => delay !== undefined)
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
