import { type ApiProblem, problems } from '../errors.ts'
import type { Exchange, LoggedAnswer } from '../exchange.ts'
import { firstElement, type Slice, scanInnerObject, scanJsonObject } from '../json-scan.ts'
import { BodyCapture, Excerpt, joined, logInvalidBody, logJson } from '../log/body.ts'
import type { ResponseHeaders } from './headers.ts'
import { asStream } from './json-as-stream.ts'

/** A body up to this size is sent by one write, when it is known to be whole. */
const MAX_HELD_BYTES = 256 * 1024
const OPEN_BRACE = 0x7b

/** An answer that is one JSON body, passed on as the bytes it is. */
export class BodyAnswer {
  readonly #exchange: Exchange
  readonly #status: number
  readonly #headers: ResponseHeaders
  readonly #capture: BodyCapture
  /** Undefined once it goes out piece by piece. */
  #held: Buffer[] | undefined = []
  #heldBytes = 0

  constructor(exchange: Exchange, status: number, headers: ResponseHeaders) {
    this.#exchange = exchange
    this.#status = status
    this.#headers = headers
    this.#capture = new BodyCapture(exchange.context.settings.log.bodyMaxBytes)
    if (status >= 400) exchange.outcome = 'upstream_error'
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
    if (this.#heldBytes <= MAX_HELD_BYTES) return
    this.#exchange.begin(this.#status, this.#headers)
    this.#exchange.write(joined(held))
    this.#held = undefined
  }

  #replyWhole(body: Buffer): void {
    const streamed = this.#exchange.stream && this.#status === 200 ? asStream(body) : undefined
    if (streamed) {
      if (streamed.status !== this.#status) this.#exchange.outcome = 'upstream_error'
      this.#exchange.reply(streamed.status, { ...this.#headers, ...streamed.headers }, streamed.body)
      return
    }
    if (looksLikeObject(body)) {
      this.#exchange.reply(this.#status, this.#headers, body)
      return
    }
    const provider = this.#exchange.route?.provider ?? 'The upstream'
    const isError = this.#status >= 400
    const problem = isError ? problems.upstreamStatus(provider, this.#status) : problems.upstreamMalformed(provider)
    this.#exchange.refuse({ ...problem, headers: { ...this.#retryHeaders(), ...problem.headers } }, 'upstream_error')
  }

  fail(problem: ApiProblem): void {
    if (this.#held) this.#exchange.refuse(problem, 'upstream_error')
    else this.#exchange.breakOff('upstream_truncated')
  }

  logged(): LoggedAnswer | undefined {
    const { content } = this.#capture
    const { context, route } = this.#exchange
    const model = route?.model ?? null
    const unread = { finishReason: null, usage: null, failed: false }
    if (content instanceof Excerpt) return { ...unread, body: content.toBody(model) }
    const members = scanJsonObject(content, ['usage', 'choices', 'error'])
    if (!members) return content.length > 0 ? { ...unread, body: logInvalidBody(content) } : undefined
    return {
      body: logJson(content, model, context.settings.log),
      finishReason: finishReason(content, members.choices),
      usage: parseObject(content, members.usage),
      failed: parseObject(content, members.error) !== null,
    }
  }

  #retryHeaders(): Record<string, string> {
    const kept = Object.entries(this.#headers).filter(([name]) => name !== 'content-type')
    return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
  }
}

function looksLikeObject(body: Buffer): boolean {
  return /^\s*$/.test(body.toString('latin1', 0, body.indexOf(OPEN_BRACE))) && body.includes(OPEN_BRACE)
}

function finishReason(json: Buffer, choices: Slice | undefined): string | null {
  const start = choices && firstElement(json, choices.start)
  if (start === undefined) return null
  const reason = scanInnerObject(json, start, ['finish_reason']).finish_reason
  const value: unknown = reason && JSON.parse(json.toString('utf8', reason.start, reason.end))
  return typeof value === 'string' ? value : null
}

function parseObject(json: Buffer, slice: Slice | undefined): Record<string, unknown> | null {
  const value: unknown = slice && JSON.parse(json.toString('utf8', slice.start, slice.end))
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}
