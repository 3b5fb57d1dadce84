import type { HeaderList } from '../header-list.ts'
import type { Readiness } from './readiness.ts'

export interface ResponseHeaderOptions {
  release: string
  needsKey: boolean
  readiness: Readiness
}

/**
 * Makes the headers of every response. Pages of other origins may read answers only if requests need a key: without keys
 * any page that is open on this machine could use the gateway.
 */
export function responseHeaders({ release, needsKey, readiness }: ResponseHeaderOptions) {
  return (requestId: string): HeaderList => {
    const headers = ['x-request-id', requestId, 'x-ai-proxy-release', release]
    if (needsKey) headers.push('access-control-allow-origin', '*', 'access-control-expose-headers', 'x-request-id')
    if (readiness.isDraining) headers.push('connection', 'close')
    return headers
  }
}
