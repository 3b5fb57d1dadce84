import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import type { LogOutcome } from '../../../kit/log-record.ts'
import type { AnswerFacts } from '../../apis/api.ts'
import { choiceErrorIn, errorIn, meantStatus } from '../../apis/json-facts.ts'
import { idAtBeginning } from '../../apis/objects/made-objects.ts'
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
import { hasErrorObject, replyError, reportRefusedKey } from './error-reply.ts'

/** A longer body is sent piece by piece if it is known to be an answer. */
const MAX_HELD_BYTES = 256 * 1024
/** A body whose form may change, that may be an error, or that may name new objects, is held up to this size. */
const MAX_CHANGED_BYTES = 32 * 2 ** 20

const JSON_TYPE = 'application/json'
const BEGINNING_BYTES = 4 * 1024
const CONTENT_BEGINNING =
  /^\s*\{\s*(?:"(?:(?!error"|errors"|detail"|message"|msg")\w+"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)|error"\s*:\s*null)\s*,\s*)*"(?:choices|data|content|output)"\s*:\s*\[/

const UNREAD: AnswerFacts = { finishReason: null, usage: null, hasFailed: false }

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
    const isReadFirst = (facts.stream && api.asStream) || api.makesObjects
    this.#maxHeldBytes = isReadFirst ? MAX_CHANGED_BYTES : MAX_HELD_BYTES
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
    if (this.#held) {
      this.#replyWhole(joined(this.#held))
      return
    }
    const { exchange } = this.#attempt
    const { content } = this.#capture
    this.#facts = content instanceof Excerpt ? undefined : exchange.api.readAnswer(content)
    if (this.#facts?.made) exchange.noteMade(this.#facts.made)
    this.#response.end()
  }

  #hold(held: Buffer[], bytes: Buffer): void {
    held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes <= this.#maxHeldBytes) return
    if (this.#maxHeldBytes < MAX_CHANGED_BYTES && !beginsContent(joined(held))) {
      this.#maxHeldBytes = MAX_CHANGED_BYTES
      return
    }
    this.#held = undefined
    const { exchange } = this.#attempt
    const beginning = joined(held)
    if (exchange.api.makesObjects) exchange.noteMade(idAtBeginning(beginning))
    if (this.#response.begin(this.#head.status, this.#allHeaders())) {
      this.#response.write(beginning)
      return
    }
    this.#outcome = 'upstream_error'
    this.#response.abort()
  }

  #replyWhole(body: Buffer): void {
    const { exchange, normaliser, route } = this.#attempt
    const facts = exchange.api.readAnswer(body)
    this.#facts = facts
    if (facts?.made) exchange.noteMade(facts.made)
    if (facts?.hasFailed) this.#replyError(body, errorInBody(body))
    else if (!facts) this.#refuse(problems.upstreamMalformed(route.provider, this.#reasonIn(body)), body)
    else this.#reply(normaliser?.read?.(body) ?? body)
  }

  #reply(body: Buffer): void {
    const { exchange, hidesUsage } = this.#attempt
    const { status, headers } = this.#head
    const streamed = exchange.facts.stream ? exchange.api.asStream?.(body, hidesUsage) : undefined
    const isSent = streamed
      ? this.#response.reply(streamed.status, [...headers, ...streamed.headers], streamed.body)
      : this.#response.reply(status, this.#allHeaders(), body)
    if (!isSent) this.#outcome = 'upstream_error'
  }

  /**
   * An error with a status of success; nothing of use has been sent. Clients see the error only by its status if they asked
   * for a stream, or if it is no error object.
   */
  #replyError(body: Buffer, { error, isOfChoice }: FoundError): void {
    const { exchange, tryOther } = this.#attempt
    const failure = failureIn(error)
    reportRefusedKey(this.#attempt, failure, exchange.masked(body))
    if (mayWorkElsewhere(failure, body) && tryOther(failure)) return
    this.#outcome = 'upstream_error'
    const shown = exchange.masked(body)
    if (isOfChoice || (!exchange.facts.stream && hasErrorObject(shown))) this.#reply(shown)
    else replyError(this.#attempt, { ...this.#head, type: JSON_TYPE, status: meantStatus(error) }, shown)
  }

  #refuse(problem: ApiProblem, body: Buffer): void {
    const { exchange, tryOther } = this.#attempt
    if (tryOther(failureOf(problem))) return
    const headers = { ...headerRecord(this.#head.headers), ...problem.headers }
    exchange.refuse({ ...problem, headers }, 'upstream_error', exchange.masked(body))
  }

  /** What the provider says in place of an answer; half an answer says nothing. */
  #reasonIn(body: Buffer): string | undefined {
    const { exchange } = this.#attempt
    return looksLikeObject(body) ? undefined : reasonIn(exchange.masked(body), exchange.logPolicy.redactor)
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
    if (content instanceof Excerpt) return { ...UNREAD, body: content.toBody(route.model) }
    const facts = this.#facts ?? api.readAnswer(content)
    if (!facts) return content.length > 0 ? { ...UNREAD, body: logInvalidBody(exchange.masked(content)) } : undefined
    const { finishReason, usage, hasFailed } = facts
    const shown = hasFailed ? exchange.masked(content) : (api.forLog?.(content) ?? content)
    return { finishReason, usage, hasFailed, body: logJson(shown, route.model, exchange.services.bodyLog) }
  }
}

function looksLikeObject(body: Buffer): boolean {
  const start = body.indexOf(OPEN_BRACE)
  return start !== -1 && /^\s*$/.test(body.toString('latin1', 0, start))
}

interface FoundError {
  error: unknown
  /** The answer has content in addition to the error. */
  isOfChoice: boolean
}

function errorInBody(body: Buffer): FoundError {
  const answer = parseJson(body.toString('utf8'))
  const error = isObject(answer) ? errorIn(answer) : undefined
  if (error !== undefined || !isObject(answer)) return { error, isOfChoice: false }
  return { error: choiceErrorIn(answer), isOfChoice: true }
}

/** Whether the beginning of a body shows that it is an answer: simple members, and then the list with the content. */
function beginsContent(body: Buffer): boolean {
  return CONTENT_BEGINNING.test(body.toString('latin1', 0, BEGINNING_BYTES))
}
