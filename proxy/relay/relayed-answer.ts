import type { IncomingHttpHeaders } from 'node:http'
import type { LogOutcome } from '../../kit/log-record.ts'
import type { Endpoint } from '../apis/api.ts'
import { closeAfterAnswer, hasUnreadBody } from '../exchange/body/unread-body.ts'
import type { LoggedAnswer } from '../exchange/outcome.ts'
import { EVENT_STREAM_HEADERS, type HeaderList } from '../header-list.ts'
import { joined } from '../log/body.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { forwardedHeaders } from '../upstream/answer-head.ts'
import type { Attempt } from '../upstream/attempt.ts'
import { ErrorAnswer } from '../upstream/body/error-answer.ts'
import type { UpstreamAnswer } from '../upstream/relay.ts'
import { BodyDigest } from './digest.ts'

/** A longer answer is passed on without being read. */
const MAX_READ_BYTES = 32 * 2 ** 20

export interface RelayedAnswerOptions {
  /**
   * Reads the whole body of an answer, or the beginning of one that is too long, and returns what the client gets of it, or nothing if the client gets another
   * answer. Undefined if the body is passed on at once.
   */
  read: ((body: Buffer) => Buffer | undefined) | undefined
  /** An answer that cannot be read must not be shown. */
  mustRead: boolean
  /** The body of the request is still on its way to the provider. */
  isUploading: () => boolean
}

interface Held {
  status: number
  headers: HeaderList
  pieces: Buffer[]
}

/** The answer to a relayed request, passed on byte for byte; an error may first be answered by another key. */
export class RelayedAnswer implements UpstreamAnswer {
  readonly #attempt: Attempt<Endpoint>
  readonly #options: RelayedAnswerOptions
  readonly #digest = new BodyDigest()
  #error: ErrorAnswer | undefined
  #outcome: LogOutcome = 'ok'
  /** Sent once the whole body is here. */
  #held: Held | undefined

  constructor(attempt: Attempt<Endpoint>, options: RelayedAnswerOptions) {
    this.#attempt = attempt
    this.#options = options
  }

  start(status: number, upstream: IncomingHttpHeaders): void {
    const { exchange } = this.#attempt
    exchange.timings.upstreamByte()
    const type = exchange.maskedText(upstream['content-type'] ?? 'application/octet-stream')
    const headers = exchange.maskedHeaders(forwardedHeaders(upstream))
    if (hasUnreadBody(exchange.request)) {
      closeAfterAnswer(exchange.request, this.#options.isUploading)
      headers.push('connection', 'close')
    }
    const isFramed = upstream['content-length'] !== undefined || upstream['transfer-encoding'] !== undefined
    if (status >= 300) this.#error = new ErrorAnswer(this.#attempt, { status, type, headers, isFramed }, upstream)
    else this.#begin(status, [...headers, ...contentHeaders(type, upstream)], type)
  }

  #begin(status: number, headers: HeaderList, type: string): void {
    const { read, mustRead } = this.#options
    // Some servers send JSON as text.
    if (read && (mustRead || !/^\s*text\/event-stream/i.test(type))) this.#held = { status, headers, pieces: [] }
    else this.#attempt.exchange.response.begin(status, headers)
  }

  data(bytes: Buffer): void {
    if (this.#error) {
      this.#error.data(bytes)
      return
    }
    this.#digest.push(bytes)
    if (!this.#held) this.#attempt.exchange.response.write(bytes)
    else this.#hold(this.#held, bytes)
  }

  #hold({ status, headers, pieces }: Held, bytes: Buffer): void {
    pieces.push(bytes)
    if (this.#digest.bytes <= MAX_READ_BYTES) return
    const { exchange } = this.#attempt
    if (this.#options.mustRead) {
      exchange.refuse(problems.listNotFiltered(), 'upstream_error')
      exchange.response.abort()
      return
    }
    this.#held = undefined
    this.#options.read?.(joined(pieces))
    exchange.response.begin(status, headers)
    for (const piece of pieces) exchange.response.write(piece)
  }

  end(): void {
    const { response } = this.#attempt.exchange
    if (this.#error) {
      this.#error.end()
      return
    }
    if (this.#held) this.#replyRead(this.#held)
    else response.end()
  }

  #replyRead({ status, headers, pieces }: Held): void {
    const shown = this.#options.read?.(joined(pieces))
    if (!shown) return
    const at = headers.indexOf('content-length')
    const others = at === -1 ? headers : headers.toSpliced(at, 2)
    this.#attempt.exchange.response.reply(status, others, shown)
  }

  /** After the first byte, only the end of the connection shows that something is missing. */
  fail(problem: ApiProblem): void {
    const { exchange, tryOther } = this.#attempt
    if (exchange.response.isClosed) return
    if (this.#error) {
      this.#error.fail()
    } else if (exchange.response.hasBegun) {
      this.#outcome = 'upstream_truncated'
      exchange.response.breakOff()
    } else if (!tryOther({ headers: {}, reason: problem.code ?? 'unknown' })) {
      exchange.refuse(problem, problem.status < 500 ? 'rejected' : 'upstream_error')
    }
  }

  /** Anything that is added would change the answer. */
  keepAlive(): void {}

  get outcome(): LogOutcome {
    return this.#error?.outcome ?? this.#outcome
  }

  get isDelivered(): boolean {
    return false
  }

  logged(): LoggedAnswer | undefined {
    if (this.#error) return this.#error.logged()
    return { finishReason: null, usage: null, hasFailed: false, body: this.#digest.toBody({}) }
  }
}

/** What describes the body. Its length is known only if it was not compressed. */
function contentHeaders(type: string, upstream: IncomingHttpHeaders): HeaderList {
  const headers = /^\s*text\/event-stream/i.test(type) ? [...EVENT_STREAM_HEADERS] : ['content-type', type]
  for (const name of ['content-disposition', 'content-range', 'accept-ranges', 'etag', 'last-modified'] as const) {
    const value = upstream[name]
    if (typeof value === 'string') headers.push(name, value)
  }
  const { 'content-length': length, 'content-encoding': coding } = upstream
  if (length !== undefined && (coding === undefined || coding === 'identity')) headers.push('content-length', length)
  return headers
}
