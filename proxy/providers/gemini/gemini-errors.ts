import { isObject } from '../../../kit/json.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import { type ApiProblem, problems, rateLimit } from '../../problems.ts'

const PROVIDER = 'gemini'
const BAD_GATEWAY = 502

/** HTTP statuses of Google's error names: https://cloud.google.com/apis/design/errors */
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
 * Makes a problem of an error of Google's: an object or, from its OpenAI-compatible endpoint, an array with one object.
 * @param httpStatus the status of the answer
 * @returns undefined if it is neither
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

/** Empty for a value that is not a string; its `toString` may not even be a function. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isErrorStatus(code: unknown): code is number {
  return typeof code === 'number' && code >= 400 && code < 600
}

/** `API_KEY_INVALID` has status 400, similar reasons have 403; they concern the gateway's key, not the client's. */
function isAboutKey({ reason }: Json): boolean {
  return typeof reason === 'string' && reason.startsWith('API_KEY_')
}

/** The delay of google.rpc.RetryInfo, for example `17.4s`, in milliseconds. */
function waitMs(facts: Json[]): number | undefined {
  const delays = facts.map(({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(textOf(retryDelay))?.[1])
  const seconds = delays.find((delay) => delay !== undefined)
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
