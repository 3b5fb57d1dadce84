import type { IncomingHttpHeaders } from 'node:http'

const FORWARDED = new Set([
  'content-type',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-generation-id',
  'cf-ray',
])
const FORWARDED_PREFIXES = ['x-ratelimit-', 'openai-', 'anthropic-']
/** OpenAI's name for it, and Anthropic's. */
const REQUEST_IDS = new Set(['x-request-id', 'request-id'])

export type ResponseHeaders = Record<string, string | string[]>

/** What a client may see of an upstream's headers; the upstream's id gets a name of its own. */
export function forwardedHeaders(upstream: IncomingHttpHeaders): ResponseHeaders {
  const headers: ResponseHeaders = {}
  for (const [name, value] of Object.entries(upstream)) {
    if (value === undefined) continue
    if (FORWARDED.has(name) || FORWARDED_PREFIXES.some((prefix) => name.startsWith(prefix))) headers[name] = value
    else if (REQUEST_IDS.has(name)) headers['x-upstream-request-id'] = value
  }
  return headers
}

/** Clients compare the content type as a whole; the others keep proxies from holding events back. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}
