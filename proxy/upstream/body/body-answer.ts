import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import type { LogOutcome } from '../../../kit/log-record.ts'
import { choiceErrorIn, errorIn } from '../../apis/json-facts.ts'
import type { ClientResponse } from '../../exchange/client-response.ts'
import type { LoggedAnswer } from '../../exchange/outcome.ts'
import { type HeaderList, headerRecord } from '../../header-list.ts'
import { parseJson } from '../../json/parse.ts'
import { scanJsonObject, valueAt } from '../../json/scan.ts'
import { BodyCapture, Excerpt, joined, logInvalidBody, logJson } from '../../log/body.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import { failureIn, failureOf, mayWorkElsewhere } from '../failure.ts'
import { reasonIn } from './error-reason.ts'

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
    this.#response.begin(this.#head.status, this.#allHeaders())
    this.#response.write(joined(held))
    this.#held = undefined
  }

  #replyWhole(body: Buffer): void {
    const { normaliser, route } = this.#attempt
    const isWhole = this.#head.endsWithConnection ? scanJsonObject(body, []) !== undefined : looksLikeObject(body)
    const error = isWhole ? errorInBody(body) : undefined
    if (error !== undefined) this.#replyError(body, error)
    else if (!isWhole) this.#refuse(problems.upstreamMalformed(route.provider, this.#reasonIn(body)), body)
    else this.#reply(normaliser?.read?.(body) ?? body)
  }

  #reply(body: Buffer): void {
    const { exchange } = this.#attempt
    const { status, headers } = this.#head
    const streamed = exchange.facts.stream ? exchange.api.asStream?.(body) : undefined
    if (streamed) this.#response.reply(streamed.status, [...headers, ...streamed.headers], streamed.body)
    else this.#response.reply(status, this.#allHeaders(), body)
  }

  /** An error with a status of success; nothing of use has been sent. */
  #replyError(body: Buffer, error: unknown): void {
    const { exchange, tryOther } = this.#attempt
    const failure = failureIn(error)
    if (mayWorkElsewhere(failure, body) && tryOther(failure)) return
    this.#outcome = 'upstream_error'
    this.#reply(exchange.masked(body))
  }

  #refuse(problem: ApiProblem, body: Buffer): void {
    const { exchange, tryOther } = this.#attempt
    if (tryOther(failureOf(problem))) return
    const headers = { ...headerRecord(this.#head.headers), ...problem.headers }
    exchange.refuse({ ...problem, headers }, 'upstream_error', exchange.masked(body))
  }

  /** What the provider says in place of an answer; half an answer says nothing. */
  #reasonIn(body: Buffer): string | undefined {
    return looksLikeObject(body) ? undefined : reasonIn(this.#attempt.exchange.masked(body))
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
    if (!facts) return content.length > 0 ? { ...unread, body: logInvalidBody(exchange.masked(content)) } : undefined
    const shown = facts.hasFailed ? exchange.masked(content) : (api.forLog?.(content) ?? content)
    return { ...facts, body: logJson(shown, route.model, exchange.services.bodyLog) }
  }
}

function looksLikeObject(body: Buffer): boolean {
  const start = body.indexOf(OPEN_BRACE)
  return start !== -1 && /^\s*$/.test(body.toString('latin1', 0, start))
}

/** In a smaller body an error may have any form; a larger one is an error only if it says so. */
const MAX_ODD_ERROR_BYTES = 2 * 1024

/** Undefined if there is none. Most answers are not parsed. */
function errorInBody(body: Buffer): unknown {
  if (body.includes('"error"')) {
    const { error } = scanJsonObject(body, ['error']) ?? {}
    const value = error && body.toString('utf8', error.start, error.end) !== 'null' ? valueAt(body, error) : undefined
    const answer = value ? undefined : parseJson(body.toString('utf8'))
    return value || (isObject(answer) ? (errorIn(answer) ?? choiceErrorIn(answer)) : undefined)
  }
  if (body.length > MAX_ODD_ERROR_BYTES || body.includes('"choices"')) return undefined
  const answer = parseJson(body.toString('utf8'))
  return isObject(answer) ? errorIn(answer) : undefined
}
