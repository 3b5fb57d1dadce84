import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiKey } from '../../kit/api-keys.ts'
import type { LogOutcome, LogRecordFields } from '../../kit/log-record.ts'
import type { AnswerFacts, Api } from '../apis/api.ts'
import type { GatewayContext } from '../context.ts'
import { type HeaderList, responseHeaders } from '../http/response-headers.ts'
import { joined, type LoggedBody, logInvalidBody, logJson, logLargeJson } from '../log/body.ts'
import { uniqueTimestamp } from '../log/clock.ts'
import { recordLine } from '../log/record-line.ts'
import { type ApiProblem, errorJson, problems } from '../problems.ts'
import type { Attempts } from '../routing/attempts.ts'
import type { Route } from '../routing/routing.ts'
import type { Serving } from '../routing/serving.ts'
import type { Running } from './running.ts'
import { Timings } from './timings.ts'

/** Slows down or stops whoever produces an answer. */
export interface Flow {
  pause: () => void
  resume: () => void
  abort: () => void
  /** Lets it see to its timeouts; `nowMs` is performance.now's. */
  tick?: (nowMs: number) => void
}

/** An answer on its way: what is left to do with it when it cannot go on, and what the log holds of it. */
export interface RunningAnswer {
  /** Tells the client, in whichever form is still possible. */
  fail: (problem: ApiProblem) => void
  /** Tells the client that we are still here, if the answer has a way to. */
  keepAlive: () => void
  /** Undefined if nothing came that is worth keeping. */
  logged: () => LoggedAnswer | undefined
}

export interface LoggedAnswer extends AnswerFacts {
  body: LoggedBody
}

export interface ExchangeStart {
  context: GatewayContext
  id: string
  request: IncomingMessage
  response: ServerResponse
  apiKey: ApiKey | null
  api: Api
}

const NOTHING_SENT = 499
/** The log takes a larger one a little at a time, so that others do not wait for it. */
const LARGE_BODY_BYTES = 512 * 1024

/**
 * One POST of the API, from its arrival to its record in the log: what is known of it, and the only way to answer it.
 * However it ends, its response closes, and then the one record is written.
 */
export class Exchange implements Running {
  readonly id: string
  readonly request: IncomingMessage
  readonly context: GatewayContext
  readonly api: Api
  readonly apiKey: ApiKey | null
  /** As it was when the request came. */
  readonly serving: Serving
  readonly #response: ServerResponse

  place = 0
  readonly timings = new Timings()
  bytesIn = 0
  #received: Buffer[] = []
  /** Once the body is known to be JSON. */
  isJson = false
  stream = false
  model: string | null = null
  route: Route | null = null
  /** Where it may go while the client has not got a byte. */
  attempts: Attempts | null = null
  /** Gives back what the limits let it have. */
  release: (() => void) | null = null
  /** Whoever produces the answer now. */
  flow: Flow | null = null
  answer: RunningAnswer | null = null
  outcome: LogOutcome = 'ok'

  #closed = false
  #ended = false
  #waitsForDrain = false
  /** Bytes that the client has not taken, and since when it has taken none of them. */
  #backlog = { bytes: 0, sinceMs: 0 }
  #lastWriteMs = 0
  #brokenOff = false
  #ownProblem: ApiProblem | undefined
  #statusCode: number | undefined
  #bytesOut = 0

  constructor({ context, id, request, response, apiKey, api }: ExchangeStart) {
    this.context = context
    this.serving = context.serving
    this.serving.enter()
    this.id = id
    this.request = request
    this.api = api
    this.apiKey = apiKey
    this.#response = response
    context.running.add(this)
    response.on('close', () => this.#settle())
    response.on('error', (error) => context.logger.debug({ err: error, requestId: id }, 'a client went away'))
  }

  /** The client has got something. */
  get hasBegun(): boolean {
    return this.#response.headersSent
  }

  /** Nothing more can be sent. */
  get closed(): boolean {
    return this.#closed
  }

  receive(piece: Buffer): void {
    this.bytesIn += piece.length
    this.context.running.bodyBytes += piece.length
    this.#received.push(piece)
  }

  /** The client's body, as far as it has come. */
  get body(): Buffer {
    const body = joined(this.#received)
    this.#received = [body]
    return body
  }

  /** An attempt failed and another one begins. */
  noteRetry(what: string): void {
    this.timings.forgetUpstream()
    this.context.logger.warn({ requestId: this.id, model: this.model }, what)
    this.context.metrics.retries++
  }

  /** Answers with a whole body in one write. */
  reply(status: number, headers: HeaderList, body: Buffer): void {
    if (this.#closed) return
    this.#writeHead(status, [...headers, 'content-length', String(body.length)])
    this.end(body)
  }

  /** Sends the head of an answer that comes in pieces; it goes out with the first piece if that is here already. */
  begin(status: number, headers: HeaderList): void {
    if (this.#closed) return
    this.#writeHead(status, headers)
    process.nextTick(() => {
      if (!this.timings.hasBegun && !this.#closed) this.#response.flushHeaders()
    })
  }

  /** When the client is slower than the flow, the flow is paused until it has caught up. */
  write(bytes: Buffer): void {
    if (this.#closed || this.#ended) return
    this.#count(bytes)
    if (this.#response.write(bytes) || this.#waitsForDrain) return
    this.#waitsForDrain = true
    this.flow?.pause()
    this.#response.once('drain', () => {
      this.#waitsForDrain = false
      this.#backlog.sinceMs = 0
      this.flow?.resume()
    })
  }

  end(bytes?: Buffer): void {
    if (this.#closed || this.#ended) return
    this.#ended = true
    if (bytes) this.#count(bytes)
    this.#response.end(bytes)
  }

  /** The client sees a network error, which is all that is left when a body of known length stops. */
  breakOff(outcome: LogOutcome): void {
    this.outcome = outcome
    this.#brokenOff = true
    this.#response.destroy()
  }

  /** Answers with an error of ours. */
  refuse(problem: ApiProblem, outcome: LogOutcome = 'rejected'): void {
    if (this.#closed || this.#response.headersSent) return
    this.outcome = outcome
    this.#ownProblem = problem
    const body = Buffer.from(this.api.errors.json(problem, this.id))
    const headers = Object.entries(problem.headers ?? {}).flat()
    this.reply(problem.status, ['content-type', 'application/json', ...headers], body)
  }

  /** The gateway stops now. */
  cut(): void {
    if (this.#closed) return
    if (this.#response.headersSent) this.answer?.fail(problems.shuttingDown())
    else this.refuse(problems.shuttingDown())
    this.flow?.abort()
  }

  /**
   * Called now and then: nobody waits for a client that has stopped reading or a provider that has stopped talking, and a
   * quiet stream gives a sign of life.
   */
  tick(nowMs: number): void {
    if (this.#closed) return
    // An answer that waits behind others on its connection is not told that the connection is gone.
    if (this.request.socket.destroyed) {
      this.#settle()
      return
    }
    this.flow?.tick?.(nowMs)
    const { slowReaderTimeoutMs, keepaliveMs } = this.serving.limits
    if (this.#waitsForDrain || this.#ended) {
      const bytes = this.#response.writableLength
      if (bytes !== this.#backlog.bytes || this.#backlog.sinceMs === 0) this.#backlog = { bytes, sinceMs: nowMs }
      else if (nowMs - this.#backlog.sinceMs >= slowReaderTimeoutMs) this.#dropSlowReader(bytes)
    } else if (this.#lastWriteMs > 0 && nowMs - this.#lastWriteMs >= keepaliveMs) {
      this.answer?.keepAlive()
    }
  }

  #dropSlowReader(bytes: number): void {
    this.context.logger.warn({ requestId: this.id, bytes }, 'a client stopped reading: its answer is broken off')
    this.#response.destroy()
  }

  #writeHead(status: number, headers: HeaderList): void {
    this.#statusCode = status
    const all = [...responseHeaders(this.context, this.id), ...headers]
    const { requestIdHeader } = this.api.errors
    if (requestIdHeader) all.push(requestIdHeader, this.id)
    this.#response.writeHead(status, all)
    this.#lastWriteMs = performance.now()
  }

  #count(bytes: Buffer): void {
    this.#lastWriteMs = performance.now()
    this.timings.firstByteOut(this.#lastWriteMs)
    this.#bytesOut += bytes.length
  }

  #settle(): void {
    if (this.#closed) return
    this.#closed = true
    this.release?.()
    if (!this.#response.writableFinished && !this.#brokenOff) {
      this.outcome = 'client_aborted'
      this.flow?.abort()
    }
    if (this.isJson && this.bytesIn > LARGE_BODY_BYTES) void this.#leaveLater()
    else
      this.#leave(this.isJson ? logJson(this.body, this.model, this.context.settings.log) : logInvalidBody(this.body))
  }

  async #leaveLater(): Promise<void> {
    this.#leave(await logLargeJson(this.body, this.model, this.context.settings.log))
  }

  #leave(request: LoggedBody): void {
    this.context.running.delete(this)
    this.context.running.bodyBytes -= this.bytesIn
    this.serving.leave()
    try {
      this.#writeRecord(request)
    } catch (error) {
      this.context.logger.error({ err: error, requestId: this.id }, 'a record could not be made')
    }
  }

  #writeRecord(request: LoggedBody): void {
    const { requestLog, logger, metrics } = this.context
    const answer = this.#loggedAnswer()
    if (answer.failed && this.outcome === 'ok') this.outcome = 'upstream_error'
    const fields = this.#recordFields(answer)
    metrics.answered(fields, this.route?.mapping ?? null, this.#ownProblem)
    requestLog.append(fields.timestamp.slice(0, 10), recordLine(fields, request, answer.body))
    logger.debug({ requestId: this.id, status: fields.status_code, outcome: fields.outcome }, 'answered')
  }

  #loggedAnswer(): LoggedAnswer {
    const answer = this.#ownProblem ? undefined : this.#assembledAnswer()
    if (answer) return answer
    const problem = this.outcome === 'client_aborted' ? problems.clientAborted() : problems.upstreamDisconnected()
    const json = Buffer.from(errorJson(this.#ownProblem ?? problem))
    return { body: { json, truncated: false }, finishReason: null, usage: null, failed: false }
  }

  #assembledAnswer(): LoggedAnswer | undefined {
    try {
      return this.answer?.logged()
    } catch (error) {
      // An upstream may send what cannot be put together, for example something too deep.
      this.context.logger.error({ err: error, requestId: this.id }, 'an answer cannot be logged')
      return undefined
    }
  }

  #recordFields({ finishReason, usage }: LoggedAnswer): Omit<LogRecordFields, 'truncated'> {
    const dialogId = readHeader(this.request.headers['x-dialog-id'])
    const { outcome } = this
    return {
      v: 1,
      timestamp: uniqueTimestamp(),
      x_request_id: this.id,
      endpoint: this.api.endpoint,
      method: this.request.method ?? 'POST',
      status_code: this.#statusCode ?? NOTHING_SENT,
      latency_ms: this.timings.latencyMs,
      ttfb_ms: this.timings.firstByteMs,
      overhead_ms: this.timings.overheadMs,
      provider: this.route?.provider ?? null,
      model_original: this.model,
      model_mapped: this.route?.model ?? null,
      stream: this.stream,
      api_key_hash: this.apiKey?.hash ?? null,
      ...(this.apiKey?.name != null && { api_key_name: this.apiKey.name }),
      ...(dialogId && { dialog_id: dialogId }),
      finish_reason: finishReason,
      usage,
      outcome,
      bytes_in: this.bytesIn,
      bytes_out: this.#bytesOut,
      release: this.context.release,
    }
  }
}

/** Node gives a header's bytes as Latin-1; what they are in UTF-8 is meant, if they are. */
function readHeader(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}
