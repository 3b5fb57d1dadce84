import type { Exchange, LoggedAnswer } from '../exchange/exchange.ts'
import type { HeaderList } from '../http/response-headers.ts'
import { BodyCapture, Excerpt, joined, logInvalidBody, logJson } from '../log/body.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { type Attempt, concernsKey, failureOf } from './failure.ts'
import type { AnswerHead } from './forwarded-headers.ts'

/** A body up to this size is sent by one write, when it is known to be whole. */
const MAX_HELD_BYTES = 256 * 1024
/** A body that has to become something else is held up to this size. */
const MAX_CHANGED_BYTES = 32 * 2 ** 20
const OPEN_BRACE = 0x7b

/** An answer that is one JSON body, passed on as the bytes it is. */
export class BodyAnswer {
  readonly #exchange: Exchange
  readonly #head: AnswerHead
  readonly #attempt: Attempt | undefined
  readonly #capture: BodyCapture
  readonly #maxHeldBytes: number
  /** Undefined once it goes out piece by piece. */
  #held: Buffer[] | undefined = []
  #heldBytes = 0

  constructor(exchange: Exchange, head: AnswerHead, attempt?: Attempt) {
    this.#exchange = exchange
    this.#head = head
    this.#attempt = attempt
    const { api, context, stream } = exchange
    const { bodyMaxBytes } = context.settings.log
    this.#maxHeldBytes = stream && api.asStream ? MAX_CHANGED_BYTES : MAX_HELD_BYTES
    // What the log holds in another form is measured in that form.
    this.#capture = new BodyCapture(api.forLog ? Math.max(bodyMaxBytes, MAX_CHANGED_BYTES) : bodyMaxBytes)
  }

  data(bytes: Buffer): void {
    this.#capture.push(bytes)
    if (this.#held) this.#hold(this.#held, bytes)
    else this.#exchange.write(bytes)
  }

  end(): void {
    if (this.#held) this.#replyWhole(joined(this.#held))
    else this.#exchange.end()
  }

  #hold(held: Buffer[], bytes: Buffer): void {
    held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes <= this.#maxHeldBytes) return
    this.#settleOutcome()
    this.#exchange.begin(this.#head.status, this.#allHeaders())
    this.#exchange.write(joined(held))
    this.#held = undefined
  }

  #replyWhole(body: Buffer): void {
    const { api, stream } = this.#exchange
    const { status, headers } = this.#head
    if (status < 400) this.#attempt?.normaliser?.read?.(body)
    const streamed = stream && status === 200 ? api.asStream?.(body) : undefined
    const problem = streamed ? undefined : this.#problemOf(body)
    if (streamed) {
      if (streamed.status !== status) this.#exchange.outcome = 'upstream_error'
      this.#exchange.reply(streamed.status, [...headers, ...streamed.headers], streamed.body)
    } else if (problem) {
      if (this.#triesOther(problem)) return
      this.#exchange.refuse({ ...problem, headers: { ...toRecord(headers), ...problem.headers } }, 'upstream_error')
    } else {
      this.#settleOutcome()
      this.#exchange.reply(status, this.#allHeaders(), body)
    }
  }

  /** What a client has to be told instead of this body, if it cannot be passed on as it is. */
  #problemOf(body: Buffer): ApiProblem | undefined {
    const { status } = this.#head
    const isError = status >= 400
    const problem = isError ? this.#attempt?.normaliser?.problem(status, body) : undefined
    if (problem || looksLikeObject(body)) return problem
    const provider = this.#exchange.route?.provider ?? 'The upstream'
    return isError ? problems.upstreamStatus(provider, status) : problems.upstreamMalformed(provider)
  }

  /** Where only the body says that a key was refused, or that this is no answer at all. */
  #triesOther(problem: ApiProblem): boolean {
    const failure = failureOf(problem)
    const mayHelp = concernsKey(failure) || problem.code === 'upstream_malformed'
    return mayHelp && this.#attempt?.tryOther(failure) === true
  }

  #settleOutcome(): void {
    if (this.#head.status >= 400) this.#exchange.outcome = 'upstream_error'
  }

  #allHeaders(): HeaderList {
    return ['content-type', this.#head.type, ...this.#head.headers]
  }

  fail(problem: ApiProblem): void {
    if (this.#held) this.#exchange.refuse(problem, 'upstream_error')
    else this.#exchange.breakOff('upstream_truncated')
  }

  logged(): LoggedAnswer | undefined {
    const { content } = this.#capture
    const { api, context, route } = this.#exchange
    const model = route?.model ?? null
    const unread = { finishReason: null, usage: null, failed: false }
    if (content instanceof Excerpt) return { ...unread, body: content.toBody(model) }
    const facts = api.readAnswer(content)
    if (!facts) return content.length > 0 ? { ...unread, body: logInvalidBody(content) } : undefined
    return { ...facts, body: logJson(api.forLog?.(content) ?? content, model, context.settings.log) }
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
