import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import type { LogOutcome } from '../../../kit/log-record.ts'
import type { AnswerFacts } from '../../apis/api.ts'
import { choiceErrorIn, errorIn } from '../../apis/json-facts.ts'
import type { ClientResponse } from '../../exchange/client-response.ts'
import type { LoggedAnswer } from '../../exchange/outcome.ts'
import { type HeaderList, headerRecord } from '../../header-list.ts'
import { parseJson } from '../../json/parse.ts'
import { BodyCapture, Excerpt, joined, logInvalidBody, logJson } from '../../log/body.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import { failureIn, failureOf, mayWorkElsewhere } from '../failure.ts'
import { reasonIn } from './error-reason.ts'

/** A longer body is sent piece by piece if it is known to be an answer. */
const MAX_HELD_BYTES = 256 * 1024
/** A body whose form may change, or that may be an error, is held up to this size. */
const MAX_CHANGED_BYTES = 32 * 2 ** 20

const BEGINNING_BYTES = 4 * 1024
const CONTENT_BEGINNING =
  /^\s*\{\s*(?:"(?:(?!error"|errors"|detail"|message"|msg")\w+"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)|error"\s*:\s*null)\s*,\s*)*"(?:choices|data|content|output)"\s*:\s*\[/

/** An answer that is one JSON body, passed on byte for byte. */
export class BodyAnswer {
  readonly #attempt: Attempt
  readonly #response: ClientResponse
  readonly #head: AnswerHead
  readonly #capture: BodyCapture
  #maxHeldBytes: number
  #outcome: LogOutcome = 'ok'
  /** Undefined once the body is sent piece by piece. */
  #held: Buffer[] | undefined = []
  #heldBytes = 0
  /** What a whole body says; it is read only once. */
  #facts: AnswerFacts | undefined

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
    if (this.#maxHeldBytes < MAX_CHANGED_BYTES && !beginsContent(joined(held))) {
      this.#maxHeldBytes = MAX_CHANGED_BYTES
      return
    }
    this.#response.begin(this.#head.status, this.#allHeaders())
    this.#response.write(joined(held))
    this.#held = undefined
  }

  #replyWhole(body: Buffer): void {
    const { exchange, normaliser, route } = this.#attempt
    const facts = exchange.api.readAnswer(body)
    this.#facts = facts
    if (facts?.hasFailed) this.#replyError(body, errorInBody(body))
    else if (!facts) this.#refuse(problems.upstreamMalformed(route.provider, this.#reasonIn(body)), body)
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
    const facts = this.#facts ?? api.readAnswer(content)
    if (!facts) return content.length > 0 ? { ...unread, body: logInvalidBody(exchange.masked(content)) } : undefined
    const shown = facts.hasFailed ? exchange.masked(content) : (api.forLog?.(content) ?? content)
    return { ...facts, body: logJson(shown, route.model, exchange.services.bodyLog) }
  }
}

function looksLikeObject(body: Buffer): boolean {
  const start = body.indexOf(OPEN_BRACE)
  return start !== -1 && /^\s*$/.test(body.toString('latin1', 0, start))
}

function errorInBody(body: Buffer): unknown {
  const answer = parseJson(body.toString('utf8'))
  return isObject(answer) ? (errorIn(answer) ?? choiceErrorIn(answer)) : undefined
}

/** Whether the beginning of a body shows that it is an answer: simple members, and then the list with the content. */
function beginsContent(body: Buffer): boolean {
  return CONTENT_BEGINNING.test(body.toString('latin1', 0, BEGINNING_BYTES))
}
