import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiKey } from '../../kit/api-keys.ts'
import type { LogOutcome } from '../../kit/log-record.ts'
import type { Api, Endpoint } from '../apis/api.ts'
import { isContainer } from '../apis/objects/made-objects.ts'
import { type RequestFacts, UNREAD_REQUEST } from '../apis/read-request.ts'
import { replyAsEvent } from '../apis/reply-as-event.ts'
import type { HeaderList } from '../header-list.ts'
import type { LoggedBody } from '../log/body.ts'
import type { LogPolicy } from '../log/privacy/log-policy.ts'
import type { RetryKind } from '../metrics/metrics.ts'
import type { ObjectHome } from '../objects/object-home.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { type TraceContext, traceContextOf } from '../traces/trace-context.ts'
import { RequestBody } from './body/request-body.ts'
import { closeAfterAnswer, hasUnreadBody } from './body/unread-body.ts'
import { ClientResponse, type Flow } from './client-response.ts'
import { affinityFor, type Dialog, dialogOf } from './dialog.ts'
import { type LoggedAnswer, type Outcome, type Refusal, type Route, toOutcome } from './outcome.ts'
import type { ExchangeServices, RunningAnswer, ServingPort } from './ports.ts'
import { type EndedExchange, recordExchange } from './record/record-exchange.ts'
import type { Running } from './running.ts'
import { Timings } from './timings.ts'

/** What is known when a request arrives. */
export interface ExchangeStart<E extends Endpoint = Api> {
  id: string
  request: IncomingMessage
  response: ServerResponse
  apiKey: ApiKey | null
  api: E
  serving: ServingPort
}

/** The owner of what was made while the gateway had no API keys. */
const NOBODY = ''
const EMBEDDINGS = '/v1/embeddings'

/**
 * One request of an API, from its arrival to its record in the log. However it ends, its response closes, and then
 * the one record is written.
 */
export class Exchange<E extends Endpoint = Api> implements Running, EndedExchange {
  readonly id: string
  readonly request: IncomingMessage
  readonly api: E
  readonly apiKey: ApiKey | null
  readonly serving: ServingPort
  readonly services: ExchangeServices
  /** Undefined if nobody wants traces. */
  readonly trace: TraceContext | undefined
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
  #hasClientLeft = false
  #boundTo: ObjectHome | undefined
  #keyId = ''
  #loggedRequest: (() => LoggedBody) | undefined

  constructor(services: ExchangeServices, { id, request, response, apiKey, api, serving }: ExchangeStart<E>) {
    this.services = services
    this.trace = services.spans && traceContextOf(request.headers)
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

  /** The dialog that the client says the request belongs to. */
  get dialog(): Dialog | undefined {
    return dialogOf(this.request.headers, this.#facts.conversation.session)
  }

  /** Ranks the keys of a provider for the conversation of this request; undefined if it belongs to none. */
  get affinity(): number | undefined {
    return affinityFor(this.dialog, this.#facts.conversation)
  }

  /** The log holds this form of the body, which this exchange does not have. */
  logRequestAs(logged: () => LoggedBody): void {
    this.#loggedRequest = logged
  }

  /** The form of the body in the log, if it is another one than that of `body`. */
  get loggedForm(): LoggedBody | undefined {
    return this.#loggedRequest?.()
  }

  /** The limits admitted the request; `release` gives back what they reserved for it. */
  noteAdmission(release: () => void): void {
    this.#release = release
  }

  /** The request goes here now, or would go here if it were not refused. */
  noteRoute(route: Route): void {
    this.#route = route
  }

  /** Only this key of this provider can answer, because it made an object that the request refers to. */
  get boundTo(): ObjectHome | undefined {
    return this.#boundTo
  }

  bindTo(home: ObjectHome): void {
    this.#boundTo = home
  }

  /** @param keyId stands for the provider's key that is used now; empty without a key */
  noteKey(keyId: string): void {
    this.#keyId = keyId
  }

  /** Whether the caller may use this object: nobody else has made it. What was made without API keys is anybody's. */
  mayUse({ owner }: ObjectHome): boolean {
    return this.apiKey === null || owner === this.apiKey.owner || owner === NOBODY
  }

  /** The provider made objects with these ids for this request; to be called before the client learns the ids. */
  noteMade(ids: readonly string[]): void {
    const made = ids.filter((id) => !isContainer(id) || !this.body.bytes.includes(id))
    if (!this.#route || made.length === 0) return
    const home = { provider: this.#route.provider, key: this.#keyId, owner: this.apiKey?.owner ?? NOBODY }
    this.services.objects.add(made, home)
  }

  /** What the log may hold of this request. */
  get logPolicy(): LogPolicy {
    const { apiKey, request, serving } = this
    const { model, otherModels } = this.#facts
    return serving.logPolicies.of({ apiKey, model, otherModels, asked: request.headers['x-log'] })
  }

  /** An attempt failed and another one begins: with another key, with a fallback, or on another connection. */
  noteRetry(kind: RetryKind, message: string): void {
    this.timings.retried()
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
    const shown: HeaderList = []
    for (const text of headers) shown.push(this.maskedText(text))
    return shown
  }

  /** The same for one text. */
  maskedText(text: string): string {
    const shown = this.serving.secrets.maskText(text)
    if (shown !== text) this.#noteMasked()
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

  /** Answers with an internal error: a bug of the gateway ends only the request that it concerns. */
  failWith(error: unknown): void {
    this.services.logger.error({ err: error, requestId: this.id }, 'a request failed')
    this.refuse(problems.internal())
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
    const mayStream = this.#facts.stream && this.api.endpoint !== EMBEDDINGS
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
    this.#hasClientLeft = !this.response.isFinished
    if (this.#hasClientLeft) this.response.abort()
    this.timings.ended()
    recordExchange(this)
  }

  leave(): void {
    this.services.running.delete(this)
    this.body.release()
    this.serving.leave()
  }

  /** How it ended; to be read once, when the response has closed. */
  get outcome(): Outcome {
    return toOutcome({
      hasClientLeft: this.#hasClientLeft,
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
}
