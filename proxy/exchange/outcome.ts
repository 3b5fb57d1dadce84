import type { LogOutcome } from '../../kit/log-record.ts'
import type { AnswerFacts } from '../apis/api.ts'
import { parseJson } from '../json/parse.ts'
import type { LoggedBody } from '../log/body.ts'
import type { LoggedError } from '../log/privacy/log-policy.ts'
import { type ApiProblem, errorJson, problems } from '../problems.ts'

/** Where a request goes. */
export interface Route {
  provider: string
  /** The provider's name of the model; empty for a request that names none. */
  model: string
  /** The name or pattern of config.yml that led here: one of few, whatever names clients send. Empty without a model. */
  mapping: string
}

/** An answer as the log holds it. */
export interface LoggedAnswer extends AnswerFacts {
  body: LoggedBody
  /** The gateway's own error that {@link body} is, if it is one. */
  error?: LoggedError
}

/** An error of the gateway's own that was sent in place of an answer. */
export interface Refusal {
  readonly problem: ApiProblem
  readonly result: LogOutcome
  /** What the provider sent instead of an answer; only the log has it in full. */
  readonly upstreamBody?: Buffer | undefined
}

/** How an exchange ended. */
export interface Outcome {
  readonly result: LogOutcome
  /** Undefined if nothing was sent. */
  readonly statusCode: number | undefined
  readonly bytesOut: number
  /** Undefined if the request was refused before a route was found. */
  readonly route: Route | undefined
  readonly answer: LoggedAnswer
  /** The gateway's own error, if that was the answer. */
  readonly problem: ApiProblem | undefined
}

/** What is known of an exchange when its response has closed. */
export interface ExchangeEnd {
  /** The client did not wait for the end. */
  hasClientLeft: boolean
  /** The client had got all of the answer when it left. */
  isDelivered: boolean
  response: { readonly statusCode: number | undefined; readonly bytesOut: number }
  route: Route | undefined
  refusal: Refusal | undefined
  /** How the answer ended, if one was begun. */
  delivered: LogOutcome | undefined
  /** What arrived of that answer, if it is worth keeping. */
  logged: LoggedAnswer | undefined
}

/** Decides how an exchange ended; pure. */
export function toOutcome(end: ExchangeEnd): Outcome {
  const { response, route, refusal, delivered, logged } = end
  const { statusCode, bytesOut } = response
  const hasClientLeft = end.hasClientLeft && !end.isDelivered
  const answer = refusal || !logged ? ownAnswer(hasClientLeft, refusal) : logged
  let result = refusal?.result ?? delivered ?? 'ok'
  if (result === 'ok' && answer.hasFailed) result = 'upstream_error'
  if (hasClientLeft) result = 'client_aborted'
  return { result, statusCode, bytesOut, route, answer, problem: refusal?.problem }
}

/** The error that stands in the log in place of an answer. */
function ownAnswer(hasClientLeft: boolean, refusal: Refusal | undefined): LoggedAnswer {
  const reason = hasClientLeft ? problems.clientAborted() : problems.upstreamDisconnected()
  const problem = refusal?.problem ?? reason
  const error = errorJson(problem)
  const body = refusal?.upstreamBody
  const json = body && body.length > 0 ? `${error.slice(0, -1)},"_upstream_body":${asJson(body)}}` : error
  return {
    body: { json: Buffer.from(json), truncated: false },
    finishReason: null,
    usage: null,
    hasFailed: false,
    error: { problem, quotesProvider: refusal?.result === 'upstream_error' },
  }
}

/** JSON as it is, on one line; any other text as a string. */
function asJson(body: Buffer): string {
  const text = body.toString('utf8')
  const value = parseJson(text)
  return JSON.stringify(value === undefined ? text : value)
}
