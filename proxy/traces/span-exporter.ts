import { request } from 'undici'
import type { LogRecordFields } from '../../kit/log-record.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { encodeSpans } from './otlp.ts'
import { type Span, spanOf } from './span.ts'
import { type ContentAttributes, contentAttributes, type LoggedBodies } from './span-content.ts'
import { SpanQueue } from './span-queue.ts'
import type { TraceContext } from './trace-context.ts'

export interface SpanExporterOptions {
  /** The receiver's address for traces. */
  url: string
  headers: Readonly<Record<string, string>>
  /** Attributes of the gateway itself. */
  resource: Readonly<Record<string, string>>
  /** Spans hold the content of messages too. */
  hasContent?: boolean
  /** Called at most once a minute. */
  onProblem: (problem: string) => void
  /** How long a span waits for others. */
  intervalMs?: number
}

const INTERVAL_MS = 5_000
const TIMEOUT_MS = 10_000
/** How long the end of the gateway may wait for the receiver. */
const CLOSE_TIMEOUT_MS = 2_000
const PROBLEM_INTERVAL_MS = 60_000
/** With these the receiver asks for another attempt: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const RETRYABLE = new Set([429, 502, 503, 504])
const TOO_LARGE = 413

/**
 * Sends spans to a receiver of OTLP, several at once. It never throws and never delays a request: what the receiver does not
 * take in time is dropped.
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions
  readonly #waiting = new SpanQueue()
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  readonly #closing = new AbortController()
  #isClosing = false
  #lost = 0
  #lastProblemAt = Number.NEGATIVE_INFINITY

  constructor(options: SpanExporterOptions) {
    this.#options = options
  }

  /** Spans that were dropped. */
  get lost(): number {
    return this.#lost
  }

  /**
   * Takes the span of a request that has ended.
   * @param bodies are read only if spans hold content
   */
  add(context: TraceContext, fields: Omit<LogRecordFields, 'truncated'>, bodies?: LoggedBodies): void {
    if (!context.isSampled) return
    if (this.#waiting.isFull) {
      this.#lose(1, 'the receiver is too slow')
      return
    }
    const span = spanOf(context, fields)
    if (this.#options.hasContent && bodies) Object.assign(span.attributes, this.#contentOf(fields, bodies))
    this.#waiting.push(span)
    if (this.#waiting.hasBatch) this.#send()
    else this.#startTimer()
  }

  #contentOf(fields: Omit<LogRecordFields, 'truncated'>, bodies: LoggedBodies): ContentAttributes {
    return this.#waiting.hasRoomForContent ? contentAttributes(fields, bodies) : { 'ai_proxy.content_truncated': true }
  }

  /** Sends what waits, for a short time, and drops the rest. */
  async close(): Promise<void> {
    this.#isClosing = true
    const timer = setTimeout(() => this.#closing.abort(), CLOSE_TIMEOUT_MS)
    await this.#sending
    let before = Number.POSITIVE_INFINITY
    let mayContinue = true
    while (this.#waiting.length > 0 && (mayContinue || this.#waiting.length < before)) {
      before = this.#waiting.length
      mayContinue = await this.#sendBatch()
    }
    clearTimeout(timer)
    clearTimeout(this.#timer)
    this.#lost += this.#waiting.length
    this.#waiting.clear()
  }

  #startTimer(): void {
    if (this.#isClosing) return
    this.#timer ??= setTimeout(() => this.#send(), this.#options.intervalMs ?? INTERVAL_MS).unref()
  }

  /** One request at a time, so that a slow receiver gets no more of them. */
  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#sending || this.#isClosing) return
    this.#sending = this.#sendBatch().then((isDone) => {
      this.#sending = undefined
      if (isDone && this.#waiting.hasBatch) this.#send()
      else if (this.#waiting.length > 0) this.#startTimer()
    })
  }

  /** @returns false if the receiver took nothing, and would not take less now */
  async #sendBatch(): Promise<boolean> {
    const batch = this.#waiting.takeBatch()
    try {
      const status = await this.#post(batch)
      if (status < 300) {
        this.#waiting.grow()
        return true
      }
      const mayBeLess = status === TOO_LARGE && this.#waiting.shrinkFrom(batch)
      this.#fail(batch, mayBeLess || RETRYABLE.has(status), `status ${status}`)
      return mayBeLess
    } catch (error) {
      this.#fail(batch, true, errorMessage(error))
      return false
    }
  }

  async #post(batch: readonly Span[]): Promise<number> {
    const { url, headers, resource } = this.#options
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-protobuf' },
      body: encodeSpans(resource, batch),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#closing.signal]),
    })
    await body.dump()
    return statusCode
  }

  #fail(batch: Span[], mayRetry: boolean, reason: string): void {
    this.#lose(mayRetry ? this.#waiting.putBack(batch) : batch.length, reason)
  }

  #lose(count: number, reason: string): void {
    this.#lost += count
    if (performance.now() - this.#lastProblemAt < PROBLEM_INTERVAL_MS) return
    this.#lastProblemAt = performance.now()
    this.#options.onProblem(`traces do not reach ${this.#options.url}: ${reason}; ${this.#lost} spans are lost`)
  }
}
