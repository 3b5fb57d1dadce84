import type { IncomingHttpHeaders } from 'node:http'
import { Pool } from 'undici'
import type { ApiName } from '../../kit/providers.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { concernsKey, coolingMs } from '../upstream/failure.ts'
import { ALL_MODELS, KeyRing, type UpstreamKey } from '../upstream/key-ring.ts'
import type { Normaliser } from '../upstream/normaliser.ts'
import { relay } from '../upstream/relay.ts'
import type { Provider } from './provider.ts'

export interface HttpProviderOptions {
  name: string
  /** Without a slash at the end. */
  baseUrl: string
  apis: readonly ApiName[]
  keys: readonly string[]
  /** Variable that holds the keys; undefined where none is needed. */
  keyVariable: string | undefined
  /** Header that carries the key; `authorization` has `Bearer` before it. */
  keyHeader: (api: ApiName) => 'authorization' | 'x-api-key'
  /** Headers that this provider wants beside the usual ones. */
  extraHeaders?: (client: IncomingHttpHeaders) => Record<string, string>
  /** The request as this provider wants it; the same bytes where it is that already. */
  prepare?: (body: Buffer, exchange: Exchange) => Buffer
  normaliser?: (exchange: Exchange) => Normaliser | undefined
}

const CONNECT_TIMEOUT_MS = 10_000
/** Often of one model only, while the others still answer. */
const TOO_MANY_REQUESTS = 429
const KEEP_ALIVE_MS = 30_000
const ANTHROPIC_VERSION = '2023-06-01'

/** A provider that serves some of the gateway's APIs under an address of its own. */
export function httpProvider(options: HttpProviderOptions): Provider {
  const { name, baseUrl, apis, keys, keyVariable } = options
  const url = new URL(baseUrl)
  const basePath = url.pathname.replace(/\/$/, '')
  const ring = new KeyRing(keys)
  // One request at a time on a connection: a stream would hold up all that waits behind it.
  const pool = new Pool(url.origin, {
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    // The exchange sees to timeouts.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
  })

  const attempt = (exchange: Exchange, body: Buffer, key: UpstreamKey | undefined, tried: UpstreamKey[]): void => {
    const api = exchange.api.name
    const model = exchange.route?.model ?? ''
    relay(exchange, pool, {
      path: `${basePath}/${api}`,
      headers: upstreamHeaders(options, api, exchange.request.headers, key),
      body,
      normaliser: options.normaliser?.(exchange),
      tryOther: (failure) => {
        if (key && concernsKey(failure)) {
          ring.cool(key, failure.status === TOO_MANY_REQUESTS ? model : ALL_MODELS, coolingMs(failure))
          const used = [...tried, key]
          const other = ring.other(used, model)
          if (other) {
            exchange.noteRetry(`${failure.reason}: another key of ${name}`)
            attempt(exchange, body, other, used)
            return true
          }
        }
        return exchange.attempts?.next(failure.reason) ?? false
      },
    })
  }

  return {
    name,
    apis,
    ...(keys.length === 0 && keyVariable && { missing: keyVariable }),
    ready: (model) => ring.isReady(model),
    send: (exchange, body) => {
      attempt(exchange, options.prepare?.(body, exchange) ?? body, ring.next(exchange.route?.model ?? ''), [])
    },
    close: () => pool.close(),
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
    // What is not compressed can be passed on and read along as it is.
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
