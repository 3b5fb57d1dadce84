import type { IncomingHttpHeaders } from 'node:http'
import type { HeaderList } from '../http/response-headers.ts'

const FORWARDED = new Set(['retry-after', 'retry-after-ms', 'x-should-retry', 'x-generation-id', 'cf-ray'])
const FORWARDED_PREFIX = /^(x-ratelimit-|openai-|anthropic-)/
/** OpenAI's name for it, and Anthropic's. */
const REQUEST_IDS = new Set(['x-request-id', 'request-id'])

/** The head of an upstream's answer, as far as clients see it. */
export interface AnswerHead {
  status: number
  /** The content type. */
  type: string
  /** The others. */
  headers: HeaderList
}

/** What a client may see of an upstream's headers beside the content type; its id gets a name of its own. */
export function forwardedHeaders(upstream: IncomingHttpHeaders): HeaderList {
  const headers: HeaderList = []
  for (const name in upstream) {
    const shown = FORWARDED.has(name) || FORWARDED_PREFIX.test(name) ? name : undefined
    if (shown) for (const value of [upstream[name] ?? []].flat()) headers.push(shown, value)
    else if (REQUEST_IDS.has(name)) headers.push('x-upstream-request-id', String(upstream[name]))
  }
  return headers
}

/** Clients compare the content type as a whole; the others keep proxies from holding events back. */
export const EVENT_STREAM_HEADERS: HeaderList = [
  'content-type',
  'text/event-stream',
  'cache-control',
  'no-cache, no-transform',
  'x-accel-buffering',
  'no',
]
