import type { IncomingHttpHeaders } from 'node:http'
import type { Exchange, LoggedAnswer, RunningAnswer } from '../exchange/exchange.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { BodyAnswer } from './body-answer.ts'
import { EventStreamAnswer } from './event-stream-answer.ts'
import { type Attempt, failureOf } from './failure.ts'
import { forwardedHeaders } from './forwarded-headers.ts'

const EVENT_STREAM = 'text/event-stream'

/** What an upstream answers, on its way to the client; its head decides what becomes of its body. */
export class Answer implements RunningAnswer {
  readonly #exchange: Exchange
  readonly #attempt: Attempt | undefined
  #body: EventStreamAnswer | BodyAnswer | undefined

  constructor(exchange: Exchange, attempt?: Attempt) {
    this.#exchange = exchange
    this.#attempt = attempt
    exchange.answer = this
  }

  start(status: number, headers: IncomingHttpHeaders): void {
    const exchange = this.#exchange
    exchange.timings.upstreamByte()
    const provider = exchange.route?.provider ?? 'The upstream'
    if (status === 401) {
      exchange.context.logger.error({ provider, status }, "the provider refused the gateway's key")
      this.#giveUp(problems.upstreamAuth(provider, status))
    } else if (status >= 300 && status < 400) {
      this.#giveUp(problems.upstreamStatus(provider, status))
    } else {
      const type = headers['content-type'] ?? (exchange.stream ? EVENT_STREAM : 'application/json')
      const isEventStream = status < 300 && type.trimStart().toLowerCase().startsWith(EVENT_STREAM)
      const Body = isEventStream ? EventStreamAnswer : BodyAnswer
      this.#body = new Body(exchange, { status, type, headers: forwardedHeaders(headers) }, this.#attempt)
    }
  }

  data(bytes: Buffer): void {
    this.#body?.data(bytes)
  }

  end(): void {
    this.#body?.end()
  }

  fail(problem: ApiProblem): void {
    if (this.#exchange.closed) return
    if (this.#body) this.#body.fail(problem)
    else this.#exchange.refuse(problem, 'upstream_error')
  }

  keepAlive(): void {
    if (this.#body instanceof EventStreamAnswer) this.#body.keepAlive()
  }

  logged(): LoggedAnswer | undefined {
    return this.#body?.logged()
  }

  #giveUp(problem: ApiProblem): void {
    const { flow } = this.#exchange
    if (!this.#attempt?.tryOther(failureOf(problem))) this.#exchange.refuse(problem, 'upstream_error')
    flow?.abort()
  }
}
