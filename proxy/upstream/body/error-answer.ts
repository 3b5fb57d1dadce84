import type { IncomingHttpHeaders } from 'node:http'
import type { LogOutcome } from '../../../kit/log-record.ts'
import type { Endpoint } from '../../apis/api.ts'
import type { LoggedAnswer } from '../../exchange/outcome.ts'
import { joined, logInvalidBody, logJson } from '../../log/body.ts'
import type { ApiProblem } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import { failureOf, mayWorkElsewhere, type UpstreamFailure } from '../failure.ts'
import { replyError, reportRefusedKey } from './error-reply.ts'

/** The rest of a longer error is not read. */
const MAX_BYTES = 256 * 1024
/** How long a provider may take for the body of an error, in milliseconds. */
const MAX_WAIT_MS = 1_000

/**
 * An answer that is an error, or a redirect. Its body is read first, because only the body says whether another key or
 * provider may help; the client gets it if it has the form of an error, and else an error that holds its reason.
 */
export class ErrorAnswer {
  readonly outcome: LogOutcome = 'upstream_error'
  readonly #attempt: Attempt<Endpoint>
  readonly #head: AnswerHead
  readonly #headers: IncomingHttpHeaders
  readonly #timer: NodeJS.Timeout
  #pieces: Buffer[] = []
  #bytes = 0
  #isOver = false
  /** What was passed on; undefined if the client got another error. */
  #shown: Buffer | undefined

  constructor(attempt: Attempt<Endpoint>, head: AnswerHead, headers: IncomingHttpHeaders) {
    this.#attempt = attempt
    this.#head = head
    this.#headers = headers
    this.#timer = setTimeout(() => this.#stop(), MAX_WAIT_MS).unref()
  }

  data(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes > MAX_BYTES) this.#stop()
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    const { exchange, tryOther, normaliser } = this.#attempt
    if (exchange.response.isClosed) return
    const body = exchange.masked(joined(this.#pieces).subarray(0, MAX_BYTES))
    const problem = normaliser?.problem(this.#head.status, body)
    const failure = this.#failure(problem)
    reportRefusedKey(this.#attempt, failure, body)
    if (mayWorkElsewhere(failure, body) && tryOther(failure)) return
    this.#answer(body, problem)
  }

  /** What has arrived until then says what there is to say. */
  fail(): void {
    this.end()
  }

  logged(): LoggedAnswer | undefined {
    const { exchange, route } = this.#attempt
    if (!this.#shown) return undefined
    const facts = exchange.api.readAnswer(this.#shown)
    if (!facts) return { finishReason: null, usage: null, hasFailed: true, body: logInvalidBody(this.#shown) }
    return { ...facts, body: logJson(this.#shown, route.model, exchange.services.bodyLog) }
  }

  /** The provider does not end its error, or it is too long. */
  #stop(): void {
    if (this.#isOver) return
    this.#attempt.exchange.response.abort()
    this.end()
  }

  #failure(problem: ApiProblem | undefined): UpstreamFailure {
    const { status } = this.#head
    if (!problem) return { status, headers: this.#headers, reason: String(status) }
    const failure = failureOf(problem)
    return { ...failure, headers: { ...this.#headers, ...failure.headers } }
  }

  #answer(body: Buffer, known: ApiProblem | undefined): void {
    if (replyError(this.#attempt, this.#head, body, known)) this.#shown = body
  }
}
