import { isObject } from '../../kit/json.ts'
import type { HeaderList } from '../header-list.ts'
import { parseJson } from '../json/parse.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Endpoint } from './api.ts'

/** An answer that was to be sent with its own head. */
export interface WholeReply {
  status: number
  headers: HeaderList
  /** Undefined if it comes in pieces. */
  body?: Buffer
}

/** What is sent in place of a reply for which a stream has already begun. */
export interface ReplyAsEvent {
  bytes: Buffer
  /** The reply was an answer that cannot be sent any more, so the client gets an error. */
  isLost: boolean
}

/** The events of a reply, or one event that reports its error. */
export function replyAsEvent(api: Endpoint, requestId: string, provider: string, reply: WholeReply): ReplyAsEvent {
  const { headers, body } = reply
  if (body && headers.includes('text/event-stream')) return { bytes: body, isLost: false }
  const problem = problemIn(reply)
  const shown = problem ?? problems.upstreamMalformed(provider, NOT_A_STREAM)
  return { bytes: Buffer.from(api.errors.event(shown, requestId, 0)), isLost: problem === undefined }
}

const NOT_A_STREAM = 'it is one JSON body, not a stream of events'

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
