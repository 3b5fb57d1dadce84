import { OPEN_BRACE } from '../../../kit/ascii.ts'
import type { Endpoint } from '../../apis/api.ts'
import { headerRecord } from '../../header-list.ts'
import { scanJsonObject } from '../../json/scan.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import type { UpstreamFailure } from '../failure.ts'
import { reasonIn } from './error-reason.ts'

const UNAUTHORIZED = 401

/** The reason of a refused key concerns only the operator. */
export function reportRefusedKey(
  { exchange, route }: Attempt<Endpoint>,
  { status }: UpstreamFailure,
  body: Buffer,
): void {
  if (status !== UNAUTHORIZED) return
  const { redactor } = exchange.logPolicy
  const reason = reasonIn(body, redactor)
  const fields = { provider: route.provider, status, reason: reason && (redactor?.text(reason) ?? reason) }
  exchange.services.logger.error(fields, "the provider refused the gateway's key")
}

/**
 * Replies with an error of the provider: its own body if that has the form of an error, and else an error that holds its
 * reason.
 * @param head the status is that of the error
 * @param body without keys of the gateway
 * @param known the meaning of the error, if the provider's normaliser knows it
 * @returns whether the client got this body
 */
export function replyError(attempt: Attempt<Endpoint>, head: AnswerHead, body: Buffer, known?: ApiProblem): boolean {
  const { exchange } = attempt
  const { status, headers } = head
  if (!known && status >= 400 && status !== UNAUTHORIZED && hasErrorObject(body)) {
    exchange.response.reply(status, ['content-type', head.type, ...headers], body)
    return true
  }
  const problem = known ?? problemOf(attempt, status, body)
  exchange.refuse({ ...problem, headers: { ...headerRecord(headers), ...problem.headers } }, 'upstream_error', body)
  return false
}

function problemOf({ exchange, route }: Attempt<Endpoint>, status: number, body: Buffer): ApiProblem {
  if (status === UNAUTHORIZED) return problems.upstreamAuth(route.provider, status)
  return problems.upstreamStatus(route.provider, status, reasonIn(body, exchange.logPolicy.redactor))
}

/** Whether clients find an error object in this body. */
export function hasErrorObject(body: Buffer): boolean {
  const error = scanJsonObject(body, ['error'])?.error
  return error !== undefined && body[error.start] === OPEN_BRACE
}
