import type { IncomingHttpHeaders } from 'node:http'
import type { LogOutcome } from '../../kit/log-record.ts'
import type { LoggedAnswer } from '../exchange/outcome.ts'
import type { RunningAnswer } from '../exchange/ports.ts'
import type { ApiProblem } from '../problems.ts'
import { type AnswerHead, forwardedHeaders } from './answer-head.ts'
import type { Attempt } from './attempt.ts'
import { BodyAnswer } from './body/body-answer.ts'
import { ErrorAnswer } from './body/error-answer.ts'
import { beginsEvents } from './stream/begins-events.ts'
import { EventStreamAnswer } from './stream/event-stream-answer.ts'

const EVENT_STREAM = 'text/event-stream'
const JSON_TYPE = 'application/json'

interface Undecided {
  head: AnswerHead
  first: Buffer
}

/** The answer of a provider on its way to the client; its head decides what happens to its body. */
export class Answer implements RunningAnswer {
  readonly #attempt: Attempt
  #body: EventStreamAnswer | BodyAnswer | ErrorAnswer | undefined
  /** The head of an answer whose first bytes decide what it is, and these bytes. */
  #undecided: Undecided | undefined

  /** The head of a stream whose first byte has not arrived. */
  #expected: AnswerHead | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  start(status: number, headers: IncomingHttpHeaders): void {
    const { exchange } = this.#attempt
    // A header that is given twice is a list, whatever the type says.
    const given = headers['content-type'] as string | string[] | undefined
    const named = Array.isArray(given) ? given[0] : given
    const type = exchange.maskedText(named ?? (exchange.facts.stream ? EVENT_STREAM : JSON_TYPE))
    const head = {
      status,
      type,
      headers: exchange.maskedHeaders(forwardedHeaders(headers)),
      isFramed: headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined,
    }
    const isEventStream = type !== JSON_TYPE && type.trimStart().toLowerCase().startsWith(EVENT_STREAM)
    if (status >= 300 || !isEventStream) exchange.timings.upstreamByte()
    if (status >= 300) this.#body = new ErrorAnswer(this.#attempt, head, headers)
    else if (isEventStream) this.#expectEvents(head)
    else if (exchange.facts.stream) this.#undecided = { head, first: Buffer.alloc(0) }
    else this.#body = new BodyAnswer(this.#attempt, head)
  }

  data(bytes: Buffer): void {
    if (this.#expected) this.#checkEvents(this.#expected, bytes)
    if (this.#undecided) this.#decide(this.#undecided, bytes)
    else this.#body?.data(bytes)
  }

  end(): void {
    if (this.#undecided) this.#become(this.#undecided, BodyAnswer)
    this.#body?.end()
  }

  #expectEvents(head: AnswerHead): void {
    this.#body = new EventStreamAnswer(this.#attempt, head)
    // A normaliser reads whatever comes.
    if (!this.#attempt.normaliser) this.#expected = head
  }

  /** Some providers send an error, or a whole answer, under the content type of events. */
  #checkEvents(head: AnswerHead, first: Buffer): void {
    this.#expected = undefined
    const { exchange } = this.#attempt
    if (beginsEvents(first) !== false || exchange.response.hasBegun) return
    exchange.timings.upstreamByte()
    this.#body = new BodyAnswer(this.#attempt, { ...head, type: JSON_TYPE })
  }

  /** Some providers send events under another content type. */
  #decide(undecided: Undecided, bytes: Buffer): void {
    undecided.first = Buffer.concat([undecided.first, bytes])
    const isEventStream = beginsEvents(undecided.first)
    if (isEventStream !== undefined) this.#become(undecided, isEventStream ? EventStreamAnswer : BodyAnswer)
  }

  #become({ head, first }: Undecided, Body: typeof EventStreamAnswer | typeof BodyAnswer): void {
    this.#undecided = undefined
    this.#body = new Body(this.#attempt, head)
    if (first.length > 0) this.#body.data(first)
  }

  /** Another provider is tried first, as long as the client has not got a byte. */
  fail(problem: ApiProblem): void {
    const { exchange, tryOther } = this.#attempt
    if (exchange.response.isClosed) return
    const mayTry = !(this.#body instanceof ErrorAnswer) && !exchange.response.hasBegun
    if (mayTry && tryOther({ headers: {}, reason: problem.code ?? 'unknown' })) return
    if (this.#body) this.#body.fail(problem)
    else exchange.refuse(problem, 'upstream_error')
  }

  tick(nowMs: number): void {
    if (this.#body instanceof EventStreamAnswer) this.#body.tick(nowMs)
  }

  keepAlive(): void {
    if (this.#body instanceof EventStreamAnswer) this.#body.keepAlive()
  }

  get outcome(): LogOutcome {
    return this.#body?.outcome ?? 'ok'
  }

  get isDelivered(): boolean {
    return this.#body instanceof EventStreamAnswer && this.#body.isDelivered
  }

  logged(): LoggedAnswer | undefined {
    return this.#body?.logged()
  }
}
