import type { HeaderList } from '../header-list.ts'
import type { Callers } from './callers.ts'
import type { Readiness } from './readiness.ts'

export interface ResponseHeaderOptions {
  release: string
  callers: Callers
  readiness: Readiness
}

/** Makes the headers of every response. */
export function responseHeaders({ release, callers, readiness }: ResponseHeaderOptions) {
  return (requestId: string, origin: string | undefined): HeaderList => {
    const headers = ['x-request-id', requestId, 'x-ai-proxy-release', release, ...callers.corsHeaders(origin)]
    if (readiness.isDraining) headers.push('connection', 'close')
    return headers
  }
}
