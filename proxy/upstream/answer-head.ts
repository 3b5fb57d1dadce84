import type { IncomingHttpHeaders } from 'node:http'
import type { HeaderList } from '../header-list.ts'

const FORWARDED = new Set(['retry-after', 'retry-after-ms', 'x-should-retry', 'x-generation-id', 'cf-ray'])
const FORWARDED_PREFIX = /^(x-ratelimit-|openai-|anthropic-)/
/** OpenAI's name of the header, and Anthropic's. */
const REQUEST_IDS = new Set(['x-request-id', 'request-id'])

/** The head of a provider's answer, as far as clients see it. */
export interface AnswerHead {
  status: number
  /** The content type. */
  type: string
  /** All other headers. */
  headers: HeaderList
  /** Its framing shows where the body ends; else the end of the connection may also be a cut. */
  isFramed: boolean
}

/** The headers of a provider that clients see, without the content type; its request id gets another name. */
export function forwardedHeaders(upstream: IncomingHttpHeaders): HeaderList {
  const headers: HeaderList = []
  for (const name in upstream) {
    const shown = FORWARDED.has(name) || FORWARDED_PREFIX.test(name) ? name : undefined
    if (shown) for (const value of [upstream[name] ?? []].flat()) headers.push(shown, value)
    else if (REQUEST_IDS.has(name)) headers.push('x-upstream-request-id', String(upstream[name]))
  }
  return headers
}
