import { isObject } from '../../kit/json.ts'
import type { HeaderList } from '../header-list.ts'
import { parseJson } from '../json/parse.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Api } from './api.ts'

/** An answer that was to be sent with its own head. */
export interface WholeReply {
  status: number
  headers: HeaderList
  /** Undefined if it comes in pieces. */
  body?: Buffer
}

/**
 * What is sent of an answer for which a stream has already begun: its events, or else one event that reports its error. An
 * answer that is neither cannot be sent any more.
 */
export function replyAsEvent(api: Api, requestId: string, provider: string, reply: WholeReply): Buffer {
  const { headers, body } = reply
  if (body && headers.includes('text/event-stream')) return body
  return Buffer.from(api.errors.event(problemIn(reply) ?? problems.upstreamMalformed(provider), requestId, 0))
}

/** The error of a provider's answer; undefined if it holds none. */
function problemIn({ status, body }: WholeReply): ApiProblem | undefined {
  const answer = body && parseJson(body.toString('utf8'))
  const error = isObject(answer) ? answer['error'] : undefined
  if (!isObject(error)) return undefined
  const text = (name: string) => (typeof error[name] === 'string' ? error[name] : null)
  return {
    status,
    message: text('message') ?? `status ${status}`,
    type: text('type') ?? 'server_error',
    param: text('param'),
    code: text('code'),
  }
}
