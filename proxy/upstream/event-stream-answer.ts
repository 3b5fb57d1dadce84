import type { Exchange, LoggedAnswer } from '../exchange/exchange.ts'
import { parseJson } from '../json/parse.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Attempt } from './failure.ts'
import { type AnswerHead, EVENT_STREAM_HEADERS } from './forwarded-headers.ts'
import { SseTap } from './sse-tap.ts'
import { WholeEvents } from './whole-events.ts'

/** Where events are read before they go out, they are held until they are whole. */
const MAX_NORMALISED_BYTES = 32 * 2 ** 20
/** A comment on a line of its own and no blank line: some clients take a blank line for an event. */
const PING = Buffer.from(': ping\n')

/** Server-sent events, passed on as the bytes they are. */
export class EventStreamAnswer {
  readonly #exchange: Exchange
  readonly #tap: SseTap
  readonly #events: WholeEvents
  readonly #normalise: ((lines: Buffer) => Buffer) | undefined

  constructor(exchange: Exchange, { status, headers }: AnswerHead, attempt?: Attempt) {
    this.#exchange = exchange
    this.#tap = new SseTap(exchange.api.newBuilder(), exchange.context.settings.log)
    this.#normalise = attempt?.normaliser?.lines()
    this.#events = new WholeEvents(this.#normalise && MAX_NORMALISED_BYTES)
    exchange.begin(status, [...headers, ...EVENT_STREAM_HEADERS])
  }

  data(bytes: Buffer): void {
    const whole = this.#events.push(bytes)
    if (!whole) return
    const out = this.#normalise?.(whole) ?? whole
    this.#exchange.write(out)
    this.#tap.push(out)
  }

  /** The API's sign of the end is added only where the answer is known to be whole. */
  end(): void {
    const { rest, closing } = this.#events
    const last = this.#normalise?.(rest) ?? rest
    const out = isReadable(last) ? last : closing
    this.#tap.push(out)
    this.#tap.end()
    const { done, whole, failed } = this.#tap.answer
    const { doneEvent } = this.#exchange.api
    const unread = this.#tap.broken
    if (!whole && !failed && !unread) this.#breakOff(problems.upstreamDisconnected(), out)
    else this.#exchange.end(done || failed || unread || !doneEvent ? out : Buffer.concat([out, doneEvent]))
  }

  /** An answer that has come to its end, or has told of an error itself, needs no other one. */
  fail(problem: ApiProblem): void {
    if (this.#tap.answer.done || this.#tap.answer.failed) this.end()
    else this.#breakOff(problem, this.#events.closing)
  }

  /** Nothing came for a while: whatever lies between us and the client shall not take the connection for dead. */
  keepAlive(): void {
    if (this.#events.atEventEnd && !this.#tap.answer.done) this.#exchange.write(PING)
  }

  logged(): LoggedAnswer | undefined {
    const { answer } = this.#tap
    const body = this.#tap.logged(this.#exchange.route?.model ?? null)
    return body && { body, finishReason: answer.finishReason, usage: answer.usage, failed: answer.failed }
  }

  /** `last` goes out before the event that tells of it. */
  #breakOff(problem: ApiProblem, last: Buffer): void {
    const { api, id } = this.#exchange
    this.#exchange.outcome = 'upstream_truncated'
    const event = Buffer.from(api.errors.event(problem, id, this.#tap.eventCount))
    this.#exchange.end(Buffer.concat([last, event]))
  }
}

/** Whether an event that lacks its blank line is there as a whole. */
function isReadable(event: Buffer): boolean {
  const lines = event.toString('utf8').split(/\r\n|\r|\n/)
  const data = lines.flatMap((line) => (line.startsWith('data:') ? line.slice('data:'.length) : []))
  const text = data.join('\n').trim()
  return text === '[DONE]' || parseJson(text) !== undefined
}
