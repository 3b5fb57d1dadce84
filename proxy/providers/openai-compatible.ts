import type { IncomingHttpHeaders } from 'node:http'
import { Pool } from 'undici'
import type { ProviderSettings, UpstreamTimeouts } from '../settings.ts'
import { relay } from '../upstream/relay.ts'
import type { Provider } from './provider.ts'

export interface OpenAiCompatibleOptions extends ProviderSettings {
  name: string
  keyVariable: string
  timeouts: UpstreamTimeouts
  /** Headers that this provider wants beside the usual ones. */
  extraHeaders?: (client: IncomingHttpHeaders) => Record<string, string>
}

/** A provider with OpenAI's API under an address of its own. */
export function openAiCompatible(options: OpenAiCompatibleOptions): Provider {
  const { name, keyVariable, apiKey, baseUrl, timeouts, extraHeaders } = options
  const url = new URL(baseUrl)
  // One request at a time on a connection: a stream would hold up all that waits behind it.
  const pool = new Pool(url.origin, {
    pipelining: 1,
    connect: { timeout: timeouts.connectMs },
    headersTimeout: timeouts.headMs,
    bodyTimeout: timeouts.idleMs,
    keepAliveTimeout: 30_000,
  })
  const path = `${url.pathname.replace(/\/$/, '')}/chat/completions`
  const headers = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/json',
    // What is not compressed can be passed on and read along as it is.
    'accept-encoding': 'identity',
  }
  return {
    name,
    ...(!apiKey && { missing: keyVariable }),
    completeChat: ({ exchange, body }) => {
      const extra = extraHeaders?.(exchange.request.headers)
      relay(exchange, pool, { path, body, headers: extra ? { ...headers, ...extra } : headers })
    },
    close: () => pool.close(),
  }
}
