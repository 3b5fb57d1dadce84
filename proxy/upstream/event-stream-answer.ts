import { type ApiProblem, problems } from '../errors.ts'
import type { Exchange, LoggedAnswer } from '../exchange.ts'
import type { Attempt } from './failure.ts'
import { type AnswerHead, EVENT_STREAM_HEADERS } from './headers.ts'
import { SseTap } from './sse-tap.ts'
import { WholeLines } from './whole-lines.ts'

/** Where lines are read before they go out, they are held until they are whole. */
const MAX_NORMALISED_LINE_BYTES = 32 * 2 ** 20
/** A comment on a line of its own and no blank line: some clients take a blank line for an event. */
const PING = Buffer.from(': ping\n')

/** Server-sent events, passed on as the bytes they are. */
export class EventStreamAnswer {
  readonly #exchange: Exchange
  readonly #tap: SseTap
  readonly #lines: WholeLines
  readonly #normalise: ((lines: Buffer) => Buffer) | undefined

  constructor(exchange: Exchange, { status, headers }: AnswerHead, attempt?: Attempt) {
    this.#exchange = exchange
    this.#tap = new SseTap(exchange.api.newBuilder(), exchange.context.settings.log)
    this.#normalise = attempt?.normaliser?.lines()
    this.#lines = new WholeLines(this.#normalise && MAX_NORMALISED_LINE_BYTES)
    exchange.begin(status, [...headers, ...EVENT_STREAM_HEADERS])
  }

  data(bytes: Buffer): void {
    const whole = this.#lines.push(bytes)
    if (!whole) return
    const out = this.#normalise?.(whole) ?? whole
    this.#exchange.write(out)
    this.#tap.push(out)
  }

  /** The API's sign of the end is added only where the answer is known to be whole. */
  end(): void {
    const rest = this.#lines.rest({ complete: true })
    const out = this.#normalise?.(rest) ?? rest
    this.#tap.push(out)
    this.#tap.end()
    const { done, whole, failed } = this.#tap.answer
    const { doneEvent } = this.#exchange.api
    if (!whole && !failed) this.#breakOff(problems.upstreamDisconnected())
    else this.#exchange.end(done || failed || !doneEvent ? out : Buffer.concat([out, doneEvent]))
  }

  fail(problem: ApiProblem): void {
    if (this.#tap.answer.done) this.end()
    else this.#breakOff(problem)
  }

  /** Nothing came for a while: whatever lies between us and the client shall not take the connection for dead. */
  keepAlive(): void {
    if (this.#lines.atEventEnd && !this.#tap.answer.done) this.#exchange.write(PING)
  }

  logged(): LoggedAnswer | undefined {
    const { answer } = this.#tap
    const body = this.#tap.logged(this.#exchange.route?.model ?? null)
    return body && { body, finishReason: answer.finishReason, usage: answer.usage, failed: answer.failed }
  }

  #breakOff(problem: ApiProblem): void {
    const { api, id } = this.#exchange
    this.#exchange.outcome = 'upstream_truncated'
    const event = Buffer.from(api.errors.event(problem, id, this.#tap.eventCount))
    this.#exchange.end(Buffer.concat([this.#lines.rest({ complete: false }), event]))
  }
}
