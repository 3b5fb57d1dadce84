import type { IncomingHttpHeaders } from 'node:http'
import type { ProviderOptions } from '../../kit/gateway-config/config-file.ts'
import type { ApiName } from '../../kit/providers.ts'
import type { Endpoint } from '../apis/api.ts'
import { askingForUsage } from '../apis/usage/stream-usage.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { EditedJson } from '../json/edited-json.ts'
import { Answer } from '../upstream/answer.ts'
import { type ConnectionOptions, Connections } from '../upstream/connections.ts'
import { concernsKey, concernsModel, coolingMs, type UpstreamFailure } from '../upstream/failure.ts'
import { ALL_MODELS, KeyRing, type UpstreamKey } from '../upstream/key-ring.ts'
import { ModelCache } from '../upstream/model-cache.ts'
import type { Normaliser } from '../upstream/normaliser.ts'
import { isUpload, relay } from '../upstream/relay.ts'
import { ClientHeaders, choosesAccount } from './client-headers.ts'
import type { ForwardedRequest, Provider, ProviderRequest } from './provider.ts'

export interface HttpProviderOptions {
  name: string
  /** Without a slash at the end. */
  baseUrl: string
  apis: readonly ApiName[]
  keys: readonly string[]
  /** Variable that holds the keys; undefined if no key is needed. */
  keyVariable: string | undefined
  options: ProviderOptions
  reach: ConnectionOptions
  /** Header that carries the key; `authorization` has `Bearer` before it. */
  keyHeader: (api: ApiName) => 'authorization' | 'x-api-key'
  /** Headers of clients that pass, if config.yml does not change that. */
  clientHeaders: readonly string[]
  /** Headers of this provider in addition to the usual ones. */
  extraHeaders?: (client: IncomingHttpHeaders) => Record<string, string>
  /** The same for every request, whatever the client sends. */
  headers?: Record<string, string>
  /** The body in the form that this provider needs. */
  prepare?: (request: ProviderRequest) => EditedJson
  normaliser?: (request: ProviderRequest) => Normaliser | undefined
}

const ANTHROPIC_VERSION = '2023-06-01'

/** A request as this provider gets it, with whichever key. */
interface PreparedRequest {
  request: ProviderRequest
  body: Buffer | readonly Buffer[]
  hidesUsage: boolean
  /** Those of the client that pass. */
  headers: Record<string, string>
  /** With its question mark, or empty. */
  query: string
}

/** The key that a request uses now, and those that were refused before. */
interface KeyUse {
  key: UpstreamKey | undefined
  refused: readonly UpstreamKey[]
  /** Stands for the conversation; undefined if it makes no difference, or there is none. */
  affinity?: number | undefined
  /** No other key can answer. */
  isBound?: boolean
}

/** A provider that serves some of the gateway's APIs below its own address. */
export class HttpProvider implements Provider {
  readonly name: string
  readonly apis: readonly ApiName[]
  readonly missing: string | undefined
  readonly #options: HttpProviderOptions
  readonly #basePath: string
  readonly #clientHeaders: ClientHeaders
  /** With names in lower case, as those of a client are. */
  readonly #ownHeaders: Record<string, string>
  readonly #ring: KeyRing
  readonly #connections: Connections
  readonly #models = new ModelCache(() => this.#askForModels())

  constructor(options: HttpProviderOptions) {
    const { name, apis, keys, keyVariable, baseUrl, clientHeaders, options: config } = options
    const { pathname, origin } = new URL(baseUrl)
    this.name = name
    this.apis = apis
    this.missing = keys.length === 0 ? keyVariable : undefined
    this.#options = options
    this.#basePath = pathname.replace(/\/$/, '')
    this.#clientHeaders = new ClientHeaders({
      byDefault: clientHeaders,
      pass: config.passHeaders,
      drop: config.dropHeaders,
      passQuery: config.passQuery,
    })
    const own = Object.entries(options.headers ?? {})
    this.#ownHeaders = Object.fromEntries(own.map(([header, value]) => [header.toLowerCase(), value]))
    this.#ring = new KeyRing(keys)
    this.#connections = new Connections(origin, options.reach)
  }

  isReady(model: string): boolean {
    return this.#ring.isReady(model)
  }

  send(request: ProviderRequest): void {
    const { prepare, options } = this.#options
    const { api, facts, boundTo } = request.exchange
    const prepared = prepare?.(request) ?? request.body
    const asksUsage = options.includeUsage && facts.stream && api.hasStreamOptions
    const body = asksUsage ? prepared.with(askingForUsage(prepared.original)) : prepared
    const client = request.exchange.request
    const maker = this.#ring.byId(boundTo?.key)
    const affinity = this.#affinityOf(request.exchange)
    const key = maker ?? this.#ring.next(request.route.model, affinity)
    const use = { key, refused: [], affinity, isBound: maker !== undefined }
    this.#sendWith(use, {
      request,
      body: body.toSend,
      hidesUsage: body !== prepared,
      headers: this.#clientHeaders.headers(api.name, client.headers),
      query: this.#clientHeaders.query(api.name, client),
    })
  }

  /** Objects are made with the first key that is ready, so that they are found again even if their maker is not known. */
  forward(request: ForwardedRequest): void {
    const { exchange, route } = request
    const maker = this.#ring.byId(exchange.boundTo?.key)
    const affinity = route.model === '' ? undefined : this.#affinityOf(exchange)
    const key = maker ?? (route.model === '' ? this.#ring.first(ALL_MODELS) : this.#ring.next(route.model, affinity))
    this.#forwardWith({ key, refused: [], affinity, isBound: maker !== undefined }, request)
  }

  #forwardWith(use: KeyUse, request: ForwardedRequest): void {
    const { exchange, route, method, path, body, dialect } = request
    const { headers: client } = exchange.request
    const passed = this.#clientHeaders.headers(dialect, client)
    this.#noteUse(exchange, use)
    const tryOther = (failure: UpstreamFailure) => {
      const isRepeatable = !isUpload(body)
      const isLast = use.isBound === true || !isRepeatable
      const other = this.#otherKey(failure, { ...use, isBound: isLast }, request, passed)
      if (other) this.#forwardWith(other, request)
      return other !== undefined || (isRepeatable && request.next(failure.reason))
    }
    const { 'content-type': _, ...usual } = upstreamHeaders(this.#options, dialect, client, use.key)
    const attempt = { exchange, route, tryOther, hidesUsage: false }
    const headers = { ...passed, ...usual, ...this.#ownHeaders, ...request.headers }
    relay(attempt, request.answer(attempt), this.#connections, { method, path: this.#basePath + path, headers, body })
  }

  models(): Promise<readonly string[]> {
    return this.#models.ids()
  }

  #askForModels(): Promise<string> {
    const [dialect = 'chat/completions'] = this.apis
    const headers = {
      ...upstreamHeaders(this.#options, dialect, {}, this.#ring.first(ALL_MODELS)),
      ...this.#ownHeaders,
    }
    // Anthropic's pages are short.
    const query = dialect === 'messages' ? '?limit=1000' : ''
    return this.#connections.get(`${this.#basePath}/models${query}`, headers)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  #sendWith(use: KeyUse, prepared: PreparedRequest): void {
    const { request, body, hidesUsage, query } = prepared
    const { exchange, route } = request
    const { key } = use
    this.#noteUse(exchange, use)
    const api = exchange.api.name
    const attempt = {
      exchange,
      route,
      hidesUsage,
      normaliser: this.#options.normaliser?.(request),
      tryOther: (failure: UpstreamFailure) => {
        const other = this.#otherKey(failure, use, request, prepared.headers)
        if (other) this.#sendWith(other, prepared)
        return other !== undefined || request.next(failure.reason)
      },
    }
    const headers = upstreamHeaders(this.#options, api, exchange.request.headers, key)
    const { headers: passed } = prepared
    for (const name in passed) headers[name] ??= passed[name] as string
    Object.assign(headers, this.#ownHeaders)
    if (!Buffer.isBuffer(body)) headers['content-length'] = String(sizeOf(body))
    const path = `${this.#basePath}/${api}${query}`
    relay(attempt, new Answer(attempt), this.#connections, { method: 'POST', path, headers, body })
  }

  #affinityOf(exchange: Exchange<Endpoint>): number | undefined {
    return this.#ring.size > 1 ? exchange.affinity : undefined
  }

  #noteUse(exchange: Exchange<Endpoint>, { key, affinity }: KeyUse): void {
    exchange.noteKey(key?.id ?? '')
    if (key && affinity !== undefined) exchange.services.metrics.keyUsed(this.#ring.isFavourite(key, affinity))
  }

  /** Another key that may work after a failure with this one, which rests now if that was about the key. */
  #otherKey(
    failure: UpstreamFailure,
    { key, refused, affinity, isBound }: KeyUse,
    { exchange, route }: Pick<ForwardedRequest, 'exchange' | 'route'>,
    passed: Record<string, string>,
  ): KeyUse | undefined {
    if (!key || !concernsKey(failure)) return undefined
    const model = route.model || ALL_MODELS
    if (!isAboutAccount(failure, passed)) {
      this.#ring.cool(key, concernsModel(failure) ? model : ALL_MODELS, coolingMs(failure))
    }
    if (isBound) return undefined
    const used = [...refused, key]
    const other = this.#ring.other(used, model, affinity)
    if (!other) return undefined
    exchange.noteRetry('key', `${failure.reason}: another key of ${this.name}`)
    return { key: other, refused: used, affinity }
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** One client must not be able to make a key unusable for the others. */
function isAboutAccount({ status }: UpstreamFailure, passed: Record<string, string>): boolean {
  return (status === 401 || status === 403) && choosesAccount(passed)
}

function upstreamHeaders(
  { keyHeader, extraHeaders }: HttpProviderOptions,
  api: ApiName,
  client: IncomingHttpHeaders,
  key: UpstreamKey | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    // Bytes that are not compressed can be read and passed on unchanged.
    'accept-encoding': 'identity',
  }
  if (key && keyHeader(api) === 'x-api-key') headers['x-api-key'] = key.value
  else if (key) headers['authorization'] = `Bearer ${key.value}`
  if (api === 'messages') {
    headers['anthropic-version'] = String(client['anthropic-version'] ?? ANTHROPIC_VERSION)
  }
  return extraHeaders ? Object.assign(headers, extraHeaders(client)) : headers
}
