import { OPEN_BRACE } from '../../../kit/ascii.ts'
import type { LogOutcome } from '../../../kit/log-record.ts'
import type { ClientResponse } from '../../exchange/client-response.ts'
import type { LoggedAnswer } from '../../exchange/outcome.ts'
import type { HeaderList } from '../../header-list.ts'
import { BodyCapture, Excerpt, joined, logInvalidBody, logJson } from '../../log/body.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import { concernsKey, failureOf } from '../failure.ts'

/** A body up to this size that is known to be complete is sent with one write. */
const MAX_HELD_BYTES = 256 * 1024
/** A body whose form changes is held up to this size. */
const MAX_CHANGED_BYTES = 32 * 2 ** 20

/** An answer that is one JSON body, passed on byte for byte. */
export class BodyAnswer {
  readonly #attempt: Attempt
  readonly #response: ClientResponse
  readonly #head: AnswerHead
  readonly #capture: BodyCapture
  readonly #maxHeldBytes: number
  #outcome: LogOutcome = 'ok'
  /** Undefined once the body is sent piece by piece. */
  #held: Buffer[] | undefined = []
  #heldBytes = 0

  constructor(attempt: Attempt, head: AnswerHead) {
    const { exchange } = attempt
    this.#attempt = attempt
    this.#response = exchange.response
    this.#head = head
    const { api, facts } = exchange
    const { bodyMaxBytes } = exchange.services.bodyLog
    this.#maxHeldBytes = facts.stream && api.asStream ? MAX_CHANGED_BYTES : MAX_HELD_BYTES
    // A body that the log holds in another form is measured in that form.
    this.#capture = new BodyCapture(api.forLog ? Math.max(bodyMaxBytes, MAX_CHANGED_BYTES) : bodyMaxBytes)
  }

  get outcome(): LogOutcome {
    return this.#outcome
  }

  data(bytes: Buffer): void {
    this.#capture.push(bytes)
    if (this.#held) this.#hold(this.#held, bytes)
    else this.#response.write(bytes)
  }

  end(): void {
    if (this.#held) this.#replyWhole(joined(this.#held))
    else this.#response.end()
  }

  #hold(held: Buffer[], bytes: Buffer): void {
    held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes <= this.#maxHeldBytes) return
    this.#noteStatus()
    this.#response.begin(this.#head.status, this.#allHeaders())
    this.#response.write(joined(held))
    this.#held = undefined
  }

  #replyWhole(body: Buffer): void {
    const { exchange, normaliser } = this.#attempt
    const { status, headers } = this.#head
    if (status < 400) normaliser?.read?.(body)
    const streamed = exchange.facts.stream && status === 200 ? exchange.api.asStream?.(body) : undefined
    const problem = streamed ? undefined : this.#problemOf(body)
    if (streamed) {
      if (streamed.status !== status) this.#outcome = 'upstream_error'
      this.#response.reply(streamed.status, [...headers, ...streamed.headers], streamed.body)
    } else if (problem) {
      if (this.#triesOther(problem)) return
      exchange.refuse({ ...problem, headers: { ...toRecord(headers), ...problem.headers } }, 'upstream_error')
    } else {
      this.#noteStatus()
      this.#response.reply(status, this.#allHeaders(), body)
    }
  }

  /** The error to send instead of this body, if the body cannot be passed on as it is. */
  #problemOf(body: Buffer): ApiProblem | undefined {
    const { status } = this.#head
    const { normaliser, route } = this.#attempt
    const isError = status >= 400
    const problem = isError ? normaliser?.problem(status, body) : undefined
    if (problem || looksLikeObject(body)) return problem
    return isError ? problems.upstreamStatus(route.provider, status) : problems.upstreamMalformed(route.provider)
  }

  /** For a refused key, or a body without an answer, that only the body shows. */
  #triesOther(problem: ApiProblem): boolean {
    const failure = failureOf(problem)
    const mayHelp = concernsKey(failure) || problem.code === 'upstream_malformed'
    return mayHelp && this.#attempt.tryOther(failure)
  }

  #noteStatus(): void {
    if (this.#head.status >= 400) this.#outcome = 'upstream_error'
  }

  #allHeaders(): HeaderList {
    return ['content-type', this.#head.type, ...this.#head.headers]
  }

  fail(problem: ApiProblem): void {
    if (this.#held) {
      this.#attempt.exchange.refuse(problem, 'upstream_error')
    } else {
      this.#outcome = 'upstream_truncated'
      this.#response.breakOff()
    }
  }

  logged(): LoggedAnswer | undefined {
    const { content } = this.#capture
    const { exchange, route } = this.#attempt
    const { api } = exchange
    const unread = { finishReason: null, usage: null, hasFailed: false }
    if (content instanceof Excerpt) return { ...unread, body: content.toBody(route.model) }
    const facts = api.readAnswer(content)
    if (!facts) return content.length > 0 ? { ...unread, body: logInvalidBody(content) } : undefined
    return { ...facts, body: logJson(api.forLog?.(content) ?? content, route.model, exchange.services.bodyLog) }
  }
}

function looksLikeObject(body: Buffer): boolean {
  const start = body.indexOf(OPEN_BRACE)
  return start !== -1 && /^\s*$/.test(body.toString('latin1', 0, start))
}

function toRecord(headers: HeaderList): Record<string, string> {
  const record: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) record[headers[at] as string] = headers[at + 1] as string
  return record
}
