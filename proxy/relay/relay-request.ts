import { type ApiName, ECHO } from '../../kit/providers.ts'
import type { Endpoint } from '../apis/api.ts'
import { withDeployment } from '../apis/deployment.ts'
import { isOfAnthropic } from '../apis/messages.ts'
import { madeObjects, resultsOfBatches } from '../apis/objects/made-objects.ts'
import { UNREAD_REQUEST } from '../apis/read-request.ts'
import { isJsonType, receiveBody } from '../exchange/body/receive-body.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { problems } from '../problems.ts'
import type { Provider } from '../providers/provider.ts'
import type { Attempt } from '../upstream/attempt.ts'
import { chooseRoute, type RelayCandidate, type RelayContext } from './choose-route.ts'
import { BodyDigest } from './digest.ts'
import type { RelayedEndpoint } from './endpoints.ts'
import { ownPage } from './own-list.ts'
import { receiveUpload, type Upload } from './receive-upload.ts'
import { RelayedAnswer } from './relayed-answer.ts'
import { NO_BODY, type RelayedBody, readJsonBody } from './relayed-body.ts'
import type { ClientUpload } from './upload.ts'

/** Of a list, for one request. */
const MAX_PAGES = 20

/** Where a request goes at any provider. */
export interface RelayTarget {
  /** Below the address of the provider, with the query. */
  path: string
  /** Of the object in the path. */
  id: string | undefined
  /** The model in the path, which is in force then. */
  deployment: string | undefined
}

/** Passes on a request that the gateway does not understand, and its answer. */
export function relayRequest(exchange: Exchange<RelayedEndpoint>, context: RelayContext, target: RelayTarget): void {
  const relayed = new RelayedRequest(exchange, context, target)
  try {
    relayed.receive()
  } catch (error) {
    exchange.failWith(error)
  }
}

class RelayedRequest {
  readonly #exchange: Exchange<RelayedEndpoint>
  readonly #context: RelayContext
  readonly #target: RelayTarget
  readonly #digest = new BodyDigest()
  #upload: ClientUpload | undefined
  /** Sends the request again, for another page. */
  #again: (() => void) | undefined
  #path: string
  /** Of the provider that is asked. */
  #dialect: ApiName = 'chat/completions'
  #pages = 1

  constructor(exchange: Exchange<RelayedEndpoint>, context: RelayContext, target: RelayTarget) {
    this.#exchange = exchange
    this.#context = context
    this.#target = target
    this.#path = target.path
    const { id } = target
    exchange.logRequestAs(() => this.#digest.toBody({ model: exchange.facts.model, ...(id !== undefined && { id }) }))
  }

  receive(): void {
    const { api, request } = this.#exchange
    const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = request.headers
    const isJson = type === undefined || isJsonType(type)
    // A path that is only an action has an empty body, whatever its type.
    const hasBody =
      api.method === 'POST' && (coding !== undefined || Number(length ?? 0) > 0 || (type !== undefined && isJson))
    if (!hasBody) {
      this.#exchange.timings.complete()
      this.#send(NO_BODY, () => null)
    } else if (isJson) {
      receiveBody(
        this.#exchange,
        this.#guarded(() => this.#sendJson()),
      )
    } else {
      const onReady = this.#guarded((upload: Upload) => this.#sendUpload(upload))
      receiveUpload(this.#exchange, { digest: this.#digest, deployment: this.#target.deployment, onReady })
    }
  }

  #guarded<T extends unknown[]>(act: (...values: T) => void): (...values: T) => void {
    return (...values) => {
      try {
        act(...values)
      } catch (error) {
        this.#exchange.failWith(error)
      }
    }
  }

  #sendJson(): void {
    const { body, api } = this.#exchange
    this.#digest.push(body.bytes)
    const { deployment } = this.#target
    const asked = deployment === undefined ? body.bytes : withDeployment(body.bytes, deployment)
    const read = body.sizeBytes === 0 ? NO_BODY : readJsonBody(asked, api)
    if ('problem' in read) this.#exchange.refuse(read.problem)
    else this.#send(read, ({ toName }) => read.withModels(toName))
  }

  #sendUpload({ read, isWhole, follow }: Upload): void {
    this.#send(read, ({ toName }) => {
      const head = read.withModels(toName)
      if (isWhole) return head
      this.#upload = follow(head)
      return this.#upload
    })
  }

  #send(read: RelayedBody, bodyFor: (candidate: RelayCandidate) => Buffer | ClientUpload | null): void {
    const exchange = this.#exchange
    const [model = null, ...otherModels] = new Set(read.models)
    exchange.noteFacts({ ...UNREAD_REQUEST, model, otherModels, conversation: read.conversation })
    if (exchange.api.model === 'required' && model === null) {
      exchange.refuse(problems.missing('model'))
      return
    }
    const { limits } = this.#context
    if (exchange.api.isBatch && limits.modelsOf(exchange.apiKey)) {
      exchange.refuse(problems.batchNotAllowed())
      return
    }
    const admitted = model === ECHO ? undefined : limits.admit({ apiKey: exchange.apiKey, model, stream: read.stream })
    if (admitted?.problem) {
      exchange.refuse(admitted.problem)
      return
    }
    if (admitted) exchange.noteAdmission(admitted.release)
    const candidates = chooseRoute(exchange, this.#context, read, this.#target.id)
    if (Array.isArray(candidates)) this.#try(candidates, bodyFor)
    else exchange.refuse(candidates)
  }

  /** Sends it to the first candidate that is not in cool-down, and to the next ones if that one fails. */
  #try(candidates: RelayCandidate[], bodyFor: (candidate: RelayCandidate) => Buffer | ClientUpload | null): void {
    const isReady = ({ provider, route }: RelayCandidate) =>
      route.model === '' || (provider.isReady?.(route.model) ?? true)
    const first = Math.max(0, candidates.findIndex(isReady))
    const [candidate, ...others] = candidates.slice(first)
    if (!candidate) return
    const next = (reason: string): boolean => {
      const [following] = others
      if (!following || this.#exchange.response.isClosed) return false
      const { provider, route } = following
      this.#exchange.noteRetry('fallback', `${reason}: on to ${provider.name}:${route.model}`)
      this.#try(others, bodyFor)
      return true
    }
    this.#forward(candidate, bodyFor(candidate), next)
  }

  #forward(
    { provider, route, toName }: RelayCandidate,
    body: Buffer | ClientUpload | null,
    next: (reason: string) => boolean,
  ) {
    const exchange = this.#exchange
    exchange.noteRoute(route)
    this.#again = () => this.#forward({ provider, route, toName }, body, next)
    this.#dialect = this.#dialectAt(provider)
    provider.forward?.({
      exchange,
      route,
      next,
      method: exchange.api.method,
      path: this.#path,
      headers: this.#headers(body),
      body,
      dialect: this.#dialect,
      answer: (attempt) => this.#answer(attempt),
    })
  }

  /** For paths that both Anthropic and OpenAI have: the first API of a provider is its own one, for every client. */
  #dialectAt({ apis }: Provider): ApiName {
    const { api, request } = this.#exchange
    const isChosen = apis.includes('messages') && isOfAnthropic(request.headers)
    return api.family === 'messages' || apis[0] === 'messages' || isChosen ? 'messages' : 'chat/completions'
  }

  #headers(body: Buffer | ClientUpload | null): Record<string, string> {
    const { 'content-type': type, accept, range } = this.#exchange.request.headers
    const lengthBytes = this.#lengthOf(body)
    return {
      ...(body && type !== undefined && { 'content-type': type }),
      ...(accept !== undefined && { accept }),
      ...(range !== undefined && { range }),
      ...(lengthBytes !== undefined && { 'content-length': String(lengthBytes) }),
    }
  }

  #lengthOf(body: Buffer | ClientUpload | null): number | undefined {
    return body === null || Buffer.isBuffer(body) ? undefined : body.lengthBytes
  }

  #answer(attempt: Attempt<Endpoint>): RelayedAnswer {
    const { hasObjects, isList } = this.#exchange.api
    const isFiltered = isList && this.#context.hasSeveralKeys
    const read = isFiltered ? (body: Buffer) => this.#filter(body) : (body: Buffer) => this.#noteMade(body)
    return new RelayedAnswer(attempt, {
      read: isFiltered || hasObjects ? read : undefined,
      mustRead: isFiltered,
      isUploading: () => this.#upload !== undefined && !this.#upload.destroyed && !this.#upload.readableEnded,
    })
  }

  /** What belongs to an object whose maker is not known stays unknown too: it may be somebody else's. */
  #noteMade(body: Buffer): Buffer {
    const isNew = this.#target.id === undefined
    if (isNew || this.#exchange.boundTo) this.#exchange.noteMade(madeObjects(body))
    return body
  }

  /** Results belong to the maker of their batch, also if nobody has asked for it alone. */
  #noteResults(ownPage: Buffer): void {
    const { objects } = this.#exchange.services
    for (const { id, results } of resultsOfBatches(ownPage)) {
      const maker = objects.find(id)
      if (maker) objects.add(results, maker)
    }
  }

  /** The page without objects of others, or the first page that follows, in the direction asked for, with one of the caller's. */
  #filter(body: Buffer): Buffer | undefined {
    const { services, apiKey, request } = this.#exchange
    const page = ownPage(body, (id) => services.objects.find(id)?.owner === apiKey?.owner)
    if (!page) {
      this.#exchange.refuse(problems.listNotFiltered(), 'upstream_error')
      return undefined
    }
    this.#noteResults(page.body)
    const { ends } = page
    if (ends === undefined || this.#pages >= MAX_PAGES) return page.body
    this.#pages++
    const suffix = this.#dialect === 'messages' || isOfAnthropic(request.headers) ? '_id' : ''
    const { path } = this.#target
    this.#path = hasQuery(path, `before${suffix}`)
      ? withQuery(path, `before${suffix}`, ends.first)
      : withQuery(path, `after${suffix}`, ends.last)
    this.#again?.()
    return undefined
  }
}

function hasQuery(path: string, name: string): boolean {
  return new URLSearchParams(path.split('?')[1] ?? '').has(name)
}

function withQuery(path: string, name: string, value: string): string {
  const [start = '', query = ''] = path.split('?')
  const others = query.split('&').filter((part) => part !== '' && part.split('=', 1)[0] !== name)
  return `${start}?${[...others, `${name}=${encodeURIComponent(value)}`].join('&')}`
}
