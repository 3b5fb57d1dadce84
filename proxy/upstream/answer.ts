import type { IncomingHttpHeaders } from 'node:http'
import type { LogOutcome } from '../../kit/log-record.ts'
import type { RunningAnswer } from '../exchange/exchange.ts'
import type { LoggedAnswer } from '../exchange/outcome.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { forwardedHeaders } from './answer-head.ts'
import type { Attempt } from './attempt.ts'
import { BodyAnswer } from './body/body-answer.ts'
import { failureOf } from './failure.ts'
import { EventStreamAnswer } from './stream/event-stream-answer.ts'

const EVENT_STREAM = 'text/event-stream'

/** The answer of a provider on its way to the client; its head decides what happens to its body. */
export class Answer implements RunningAnswer {
  readonly #attempt: Attempt
  #body: EventStreamAnswer | BodyAnswer | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  /** @returns false if the body will not be used, because something else is tried or the client was sent an error */
  start(status: number, headers: IncomingHttpHeaders): boolean {
    const { exchange, route } = this.#attempt
    exchange.timings.upstreamByte()
    const { provider } = route
    if (status === 401) {
      exchange.services.logger.error({ provider, status }, "the provider refused the gateway's key")
      this.#giveUp(problems.upstreamAuth(provider, status))
      return false
    }
    if (status >= 300 && status < 400) {
      this.#giveUp(problems.upstreamStatus(provider, status))
      return false
    }
    const type = headers['content-type'] ?? (exchange.facts.stream ? EVENT_STREAM : 'application/json')
    const isEventStream = status < 300 && type.trimStart().toLowerCase().startsWith(EVENT_STREAM)
    const Body = isEventStream ? EventStreamAnswer : BodyAnswer
    this.#body = new Body(this.#attempt, { status, type, headers: forwardedHeaders(headers) })
    return true
  }

  data(bytes: Buffer): void {
    this.#body?.data(bytes)
  }

  end(): void {
    this.#body?.end()
  }

  fail(problem: ApiProblem): void {
    const { exchange } = this.#attempt
    if (exchange.response.isClosed) return
    if (this.#body) this.#body.fail(problem)
    else exchange.refuse(problem, 'upstream_error')
  }

  keepAlive(): void {
    if (this.#body instanceof EventStreamAnswer) this.#body.keepAlive()
  }

  get outcome(): LogOutcome {
    return this.#body?.outcome ?? 'ok'
  }

  logged(): LoggedAnswer | undefined {
    return this.#body?.logged()
  }

  #giveUp(problem: ApiProblem): void {
    const { exchange, tryOther } = this.#attempt
    if (!tryOther(failureOf(problem))) exchange.refuse(problem, 'upstream_error')
  }
}
