import type { GatewayContext } from '../context.ts'

/** Names and values in turn: what Node writes without looking anything up. */
export type HeaderList = string[]

/**
 * What every response carries. Pages of other origins may read answers only where a key is needed: without keys, any
 * page that is open on this machine could use the gateway.
 */
export function responseHeaders({ release, running, settings }: GatewayContext, requestId: string): HeaderList {
  const headers = ['x-request-id', requestId, 'x-ai-proxy-release', release]
  if (settings.apiKeys.length > 0) {
    headers.push('access-control-allow-origin', '*', 'access-control-expose-headers', 'x-request-id')
  }
  if (running.draining) headers.push('connection', 'close')
  return headers
}
