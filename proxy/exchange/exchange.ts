import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import type { ApiKey } from '../../kit/api-keys.ts'
import type { LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import type { LogOutcome } from '../../kit/log-record.ts'
import type { Api } from '../apis/api.ts'
import { type RequestFacts, UNREAD_REQUEST } from '../apis/read-request.ts'
import { replyAsEvent } from '../apis/reply-as-event.ts'
import type { HeaderList } from '../header-list.ts'
import { type BodyLogOptions, type LoggedBody, logInvalidBody, logJson, logLargeJson } from '../log/body.ts'
import { uniqueTimestamp } from '../log/clock.ts'
import { recordLine } from '../log/record-line.ts'
import type { RequestLog } from '../log/writer.ts'
import type { GatewayMetrics, RetryKind } from '../metrics/metrics.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { SecretMask } from '../secret-mask.ts'
import { ClientResponse, type Flow } from './client-response.ts'
import { type LoggedAnswer, type Outcome, type Refusal, type Route, toOutcome } from './outcome.ts'
import { toRecord } from './record.ts'
import { type BodyMemory, RequestBody } from './request-body.ts'
import type { Running, RunningExchanges } from './running.ts'
import { Timings } from './timings.ts'
import { closeAfterAnswer, hasUnreadBody } from './unread-body.ts'

/** What all exchanges of a gateway share. */
export interface ExchangeServices {
  /** As shown to clients and in the log: `dev` outside a release. */
  readonly release: string
  /** How the log holds bodies. */
  readonly bodyLog: BodyLogOptions
  readonly requestLog: RequestLog
  readonly running: RunningExchanges
  readonly bodyMemory: BodyMemory
  readonly metrics: GatewayMetrics
  /** The operator's log: no bodies, no keys. */
  readonly logger: FastifyBaseLogger
  /** Headers of every response. */
  readonly commonHeaders: (requestId: string, origin: string | undefined) => HeaderList
}

/** The configuration that an exchange began with; it stays open until the exchange leaves it. */
export interface ServingPort {
  readonly limits: LimitsConfig
  /** Knows the gateway's own keys. */
  readonly secrets: SecretMask
  enter: () => void
  leave: () => void
}

/** An answer that is on its way to the client. */
export interface RunningAnswer {
  /** Reports the problem to the client, in whichever form is still possible. */
  fail: (problem: ApiProblem) => void
  /** Shows the client that the connection is alive, if this kind of answer can. */
  keepAlive: () => void
  /** How it has ended so far; an error inside the answer is not considered. */
  readonly outcome: LogOutcome
  /** The client has got all of it, even if it does not wait for the end of the response. */
  readonly isDelivered: boolean
  /** Undefined if nothing arrived that is worth keeping. */
  logged: () => LoggedAnswer | undefined
}

/** What is known when a request arrives. */
export interface ExchangeStart {
  id: string
  request: IncomingMessage
  response: ServerResponse
  apiKey: ApiKey | null
  api: Api
  serving: ServingPort
}

/** The log takes a larger body in small steps, so that other requests need not wait for it. */
const LARGE_BODY_BYTES = 512 * 1024

/**
 * One POST request of the API, from its arrival to its record in the log. However it ends, its response closes, and then
 * the one record is written.
 */
export class Exchange implements Running {
  readonly id: string
  readonly request: IncomingMessage
  readonly api: Api
  readonly apiKey: ApiKey | null
  readonly serving: ServingPort
  readonly services: ExchangeServices
  readonly timings = new Timings()
  readonly body: RequestBody
  readonly response: ClientResponse
  place = 0
  #facts = UNREAD_REQUEST
  #route: Route | undefined
  #release: (() => void) | undefined
  #answer: RunningAnswer | undefined
  #refusal: Refusal | undefined
  #isMasked = false

  constructor(services: ExchangeServices, { id, request, response, apiKey, api, serving }: ExchangeStart) {
    this.services = services
    this.id = id
    this.request = request
    this.api = api
    this.apiKey = apiKey
    this.serving = serving
    this.body = new RequestBody(services.bodyMemory)
    this.response = new ClientResponse(response, {
      timings: this.timings,
      commonHeaders: () => this.#commonHeaders(),
      asEvent: (reply) => replyAsEvent(api, id, this.#route?.provider ?? 'The provider', reply),
      onClose: () => this.#settle(),
    })
    response.on('error', (error) => services.logger.debug({ err: error, requestId: id }, 'a client went away'))
    serving.enter()
    services.running.add(this)
  }

  /** What the body says, once it is read. */
  get facts(): RequestFacts {
    return this.#facts
  }

  noteFacts(facts: RequestFacts): void {
    this.#facts = facts
  }

  /** The limits admitted the request; `release` gives back what they reserved for it. */
  noteAdmission(release: () => void): void {
    this.#release = release
  }

  /** The request goes here now, or would go here if it were not refused. */
  noteRoute(route: Route): void {
    this.#route = route
  }

  /** An attempt failed and another one begins: with another key, with a fallback, or on another connection. */
  noteRetry(kind: RetryKind, message: string): void {
    this.timings.forgetUpstream()
    this.services.logger.warn({ requestId: this.id, model: this.#facts.model }, message)
    this.services.metrics.retried(kind)
  }

  /**
   * Hides the gateway's own keys in an error, which may go to the client and into the log.
   * @returns the same buffer if it holds none
   */
  masked(bytes: Buffer): Buffer {
    const shown = this.serving.secrets.mask(bytes)
    if (shown !== bytes) this.#noteMasked()
    return shown
  }

  /** The same for the values of headers. */
  maskedHeaders(headers: HeaderList): HeaderList {
    const shown = headers.map((text) => this.serving.secrets.maskText(text))
    if (shown.some((text, at) => text !== headers[at])) this.#noteMasked()
    return shown
  }

  /** The same for one text. */
  maskedText(text: string): string {
    const [shown = text] = this.maskedHeaders([text])
    return shown
  }

  #noteMasked(): void {
    if (!this.#isMasked) this.services.metrics.masked++
    this.#isMasked = true
  }

  /** From now on the client is answered from here. */
  answerWith(answer: RunningAnswer, flow: Flow): void {
    this.#answer = answer
    this.response.follow(flow)
  }

  /**
   * Answers with an error of the gateway's own, unless an answer has begun.
   * @param upstreamBody what the provider sent instead of an answer, for the log
   */
  refuse(problem: ApiProblem, result: LogOutcome = 'rejected', upstreamBody?: Buffer): void {
    if (this.response.isClosed || this.response.hasBegun) return
    this.#refusal = { problem, result, upstreamBody }
    const body = Buffer.from(this.api.errors.json(problem, this.id))
    const headers = Object.entries(problem.headers ?? {}).flat()
    if (hasUnreadBody(this.request)) {
      closeAfterAnswer(this.request)
      headers.push('connection', 'close')
    }
    this.response.reply(problem.status, ['content-type', 'application/json', ...headers], body)
  }

  cut(): void {
    if (this.response.isClosed) return
    if (this.response.hasBegun) this.#answer?.fail(problems.shuttingDown())
    else this.refuse(problems.shuttingDown())
    this.response.abort()
  }

  tick(nowMs: number): void {
    if (this.response.isClosed) return
    // Node does not report a lost connection to responses that wait behind others on it.
    if (this.request.socket.destroyed) {
      this.response.close()
      return
    }
    const { limits } = this.serving
    const state = this.response.tick(nowMs, limits)
    if (state === 'quiet' && !this.response.hasBegun) this.response.ping()
    else if (state === 'quiet') this.#answer?.keepAlive()
    else if (state === 'stuck') this.#dropSlowReader()
    if (limits.firstPingMs !== null && this.timings.waitedMs(nowMs) >= limits.firstPingMs) this.#beginEarly()
  }

  /** Without a comment, something between the gateway and the client may take a slow answer for a dead connection. */
  #beginEarly(): void {
    const mayStream = this.#facts.stream && this.api.name !== 'embeddings'
    if (this.#answer && !this.#refusal && mayStream) this.response.beginEarly()
  }

  #dropSlowReader(): void {
    const bytes = this.response.backlogBytes
    this.services.logger.warn({ requestId: this.id, bytes }, 'a client stopped reading: its answer is broken off')
    this.response.drop()
  }

  #commonHeaders(): HeaderList {
    const headers = this.services.commonHeaders(this.id, this.request.headers.origin)
    const { requestIdHeader } = this.api.errors
    if (requestIdHeader) headers.push(requestIdHeader, this.id)
    return headers
  }

  #settle(): void {
    this.#release?.()
    const hasClientLeft = !this.response.isFinished
    if (hasClientLeft) this.response.abort()
    const { bodyLog } = this.services
    const { isJson, model } = this.#facts
    if (isJson && this.body.sizeBytes > LARGE_BODY_BYTES) void this.#leaveLater(hasClientLeft)
    else this.#leave(isJson ? logJson(this.body.bytes, model, bodyLog) : logInvalidBody(this.body.bytes), hasClientLeft)
  }

  async #leaveLater(hasClientLeft: boolean): Promise<void> {
    this.#leave(await logLargeJson(this.body.bytes, this.#facts.model, this.services.bodyLog), hasClientLeft)
  }

  #leave(request: LoggedBody, hasClientLeft: boolean): void {
    this.services.running.delete(this)
    this.body.release()
    this.serving.leave()
    try {
      this.#writeRecord(request, this.#outcome(hasClientLeft))
    } catch (error) {
      this.services.logger.error({ err: error, requestId: this.id }, 'a record could not be made')
    }
  }

  #outcome(hasClientLeft: boolean): Outcome {
    return toOutcome({
      hasClientLeft,
      isDelivered: this.#refusal === undefined && this.#answer?.isDelivered === true,
      response: this.response,
      route: this.#route,
      refusal: this.#refusal,
      delivered: this.#answer?.outcome,
      logged: this.#loggedAnswer(),
    })
  }

  #loggedAnswer(): LoggedAnswer | undefined {
    try {
      return this.#refusal ? undefined : this.#answer?.logged()
    } catch (error) {
      // A provider may send something that cannot be assembled, for example JSON that is nested too deeply.
      this.services.logger.error({ err: error, requestId: this.id }, 'an answer cannot be logged')
      return undefined
    }
  }

  #writeRecord(request: LoggedBody, outcome: Outcome): void {
    const { requestLog, logger, metrics, release } = this.services
    this.timings.ended()
    const fields = toRecord(this, outcome, this.timings, { release, timestamp: uniqueTimestamp() })
    metrics.answered(fields, outcome.route?.mapping, outcome.problem)
    requestLog.append(fields.timestamp.slice(0, 10), recordLine(fields, request, outcome.answer.body))
    logger.debug({ requestId: this.id, status: fields.status_code, outcome: fields.outcome }, 'answered')
  }
}
