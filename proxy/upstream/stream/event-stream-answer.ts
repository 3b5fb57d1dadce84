import type { LogOutcome } from '../../../kit/log-record.ts'
import type { ClientResponse } from '../../exchange/client-response.ts'
import type { LoggedAnswer } from '../../exchange/outcome.ts'
import { EVENT_STREAM_HEADERS } from '../../header-list.ts'
import { parseJson } from '../../json/parse.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import { SseTap } from './sse-tap.ts'
import { WholeEvents } from './whole-events.ts'

/** A provider's events that are normalised before they are sent are held until they are complete, up to this size. */
const MAX_NORMALISED_BYTES = 32 * 2 ** 20
/** A comment on its own line, without a blank line: some clients take a blank line for an event. */
const PING = Buffer.from(': ping\n')

/** Server-sent events, passed on byte for byte. */
export class EventStreamAnswer {
  readonly #attempt: Attempt
  readonly #response: ClientResponse
  readonly #tap: SseTap
  readonly #events: WholeEvents
  readonly #normalise: ((lines: Buffer) => Buffer) | undefined
  #outcome: LogOutcome = 'ok'

  constructor(attempt: Attempt, { status, headers }: AnswerHead) {
    const { exchange, normaliser } = attempt
    this.#attempt = attempt
    this.#response = exchange.response
    this.#tap = new SseTap(exchange.api.newBuilder(exchange.facts.choices), exchange.services.bodyLog)
    this.#normalise = normaliser?.lines()
    this.#events = new WholeEvents(this.#normalise && MAX_NORMALISED_BYTES)
    this.#response.begin(status, [...headers, ...EVENT_STREAM_HEADERS])
  }

  get outcome(): LogOutcome {
    return this.#outcome
  }

  data(bytes: Buffer): void {
    const whole = this.#events.push(bytes)
    if (!whole) return
    const out = this.#normalise?.(whole) ?? whole
    this.#response.write(out)
    this.#tap.push(out)
  }

  /** The API's mark of the end is added only if the answer is known to be complete. */
  end(): void {
    const { rest, closing } = this.#events
    const last = this.#normalise?.(rest) ?? rest
    const out = isReadable(last) ? last : closing
    this.#tap.push(out)
    this.#tap.end()
    const { isDone, isWhole, hasFailed } = this.#tap.answer
    const { doneEvent } = this.#attempt.exchange.api
    const isUnread = this.#tap.isBroken
    if (!isWhole && !hasFailed && !isUnread) this.#breakOff(problems.upstreamDisconnected(), out)
    else this.#response.end(isDone || hasFailed || isUnread || !doneEvent ? out : Buffer.concat([out, doneEvent]))
  }

  /** An answer that is complete, or that has reported an error itself, needs no other error. */
  fail(problem: ApiProblem): void {
    if (this.#tap.answer.isDone || this.#tap.answer.hasFailed) this.end()
    else this.#breakOff(problem, this.#events.closing)
  }

  /** Keeps proxies between the gateway and the client from closing a connection that looks idle. */
  keepAlive(): void {
    if (this.#events.isAtEventEnd && !this.#tap.answer.isDone) this.#response.write(PING)
  }

  logged(): LoggedAnswer | undefined {
    const { finishReason, usage, hasFailed } = this.#tap.answer
    const body = this.#tap.logged(this.#attempt.route.model)
    return body && { body, finishReason, usage, hasFailed }
  }

  /** `last` is sent before the event that reports the problem. */
  #breakOff(problem: ApiProblem, last: Buffer): void {
    const { api, id } = this.#attempt.exchange
    this.#outcome = 'upstream_truncated'
    const event = Buffer.from(api.errors.event(problem, id, this.#tap.eventCount))
    this.#response.end(Buffer.concat([last, event]))
  }
}

/** Whether an event without its blank line is complete. */
function isReadable(event: Buffer): boolean {
  const lines = event.toString('utf8').split(/\r\n|\r|\n/)
  const data = lines.flatMap((line) => (line.startsWith('data:') ? line.slice('data:'.length) : []))
  const text = data.join('\n').trim()
  return text === '[DONE]' || parseJson(text) !== undefined
}
