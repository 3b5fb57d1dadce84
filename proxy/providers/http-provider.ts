import type { IncomingHttpHeaders } from 'node:http'
import type { ApiName } from '../../kit/providers.ts'
import { Connections } from '../upstream/connections.ts'
import { concernsKey, concernsModel, coolingMs, type UpstreamFailure } from '../upstream/failure.ts'
import { ALL_MODELS, KeyRing, type UpstreamKey } from '../upstream/key-ring.ts'
import type { Normaliser } from '../upstream/normaliser.ts'
import { relay } from '../upstream/relay.ts'
import type { Provider, ProviderRequest } from './provider.ts'

export interface HttpProviderOptions {
  name: string
  /** Without a slash at the end. */
  baseUrl: string
  apis: readonly ApiName[]
  keys: readonly string[]
  /** Variable that holds the keys; undefined if no key is needed. */
  keyVariable: string | undefined
  /** Header that carries the key; `authorization` has `Bearer` before it. */
  keyHeader: (api: ApiName) => 'authorization' | 'x-api-key'
  /** Headers of this provider in addition to the usual ones. */
  extraHeaders?: (client: IncomingHttpHeaders) => Record<string, string>
  /** The body in the form that this provider needs; the same bytes if they have it already. */
  prepare?: (request: ProviderRequest) => Buffer
  normaliser?: (request: ProviderRequest) => Normaliser | undefined
}

const ANTHROPIC_VERSION = '2023-06-01'

/** The key that a request uses now, and those that were refused before. */
interface KeyUse {
  key: UpstreamKey | undefined
  refused: readonly UpstreamKey[]
}

/** A provider that serves some of the gateway's APIs below its own address. */
export class HttpProvider implements Provider {
  readonly name: string
  readonly apis: readonly ApiName[]
  readonly missing: string | undefined
  readonly #options: HttpProviderOptions
  readonly #basePath: string
  readonly #ring: KeyRing
  readonly #connections: Connections

  constructor(options: HttpProviderOptions) {
    const { name, apis, keys, keyVariable, baseUrl } = options
    const { pathname, origin } = new URL(baseUrl)
    this.name = name
    this.apis = apis
    this.missing = keys.length === 0 ? keyVariable : undefined
    this.#options = options
    this.#basePath = pathname.replace(/\/$/, '')
    this.#ring = new KeyRing(keys)
    this.#connections = new Connections(origin)
  }

  isReady(model: string): boolean {
    return this.#ring.isReady(model)
  }

  send(request: ProviderRequest): void {
    const body = this.#options.prepare?.(request) ?? request.body
    this.#sendWith({ key: this.#ring.next(request.route.model), refused: [] }, request, body)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  #sendWith(use: KeyUse, request: ProviderRequest, body: Buffer): void {
    const { exchange, route } = request
    const api = exchange.api.name
    const attempt = {
      exchange,
      route,
      normaliser: this.#options.normaliser?.(request),
      tryOther: (failure: UpstreamFailure) =>
        this.#triesOtherKey(failure, use, request, body) || request.next(failure.reason),
    }
    const headers = upstreamHeaders(this.#options, api, exchange.request.headers, use.key)
    relay(attempt, this.#connections, { path: `${this.#basePath}/${api}`, headers, body })
  }

  #triesOtherKey(failure: UpstreamFailure, { key, refused }: KeyUse, request: ProviderRequest, body: Buffer): boolean {
    if (!key || !concernsKey(failure)) return false
    const { model } = request.route
    this.#ring.cool(key, concernsModel(failure) ? model : ALL_MODELS, coolingMs(failure))
    const used = [...refused, key]
    const other = this.#ring.other(used, model)
    if (!other) return false
    request.exchange.noteRetry('key', `${failure.reason}: another key of ${this.name}`)
    this.#sendWith({ key: other, refused: used }, request, body)
    return true
  }
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
    if (client['anthropic-beta']) headers['anthropic-beta'] = String(client['anthropic-beta'])
  }
  return extraHeaders ? Object.assign(headers, extraHeaders(client)) : headers
}
