import type { GatewayContext } from './context.ts'

/**
 * What every response carries. Pages of other origins may read answers only where a key is needed: without keys, any
 * page that is open on this machine could use the gateway.
 */
export function responseHeaders({ release, running, settings }: GatewayContext, requestId: string) {
  const headers: Record<string, string> = { 'x-request-id': requestId, 'x-ai-proxy-release': release }
  if (settings.apiKeys.length > 0) {
    headers['access-control-allow-origin'] = '*'
    headers['access-control-expose-headers'] = 'x-request-id'
  }
  if (running.draining) headers['connection'] = 'close'
  return headers
}
