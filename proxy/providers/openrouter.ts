import type { IncomingHttpHeaders } from 'node:http'
import type { GatewaySettings } from '../settings.ts'
import { openAiCompatible } from './openai-compatible.ts'

export function openRouter({ openrouter, upstreamTimeouts }: GatewaySettings) {
  return openAiCompatible({
    ...openrouter,
    name: 'openrouter',
    keyVariable: 'OPENROUTER_API_KEY',
    timeouts: upstreamTimeouts,
    extraHeaders: attribution,
  })
}

/** Which application a request counts for on OpenRouter's pages; a client may name its own. */
function attribution(client: IncomingHttpHeaders): Record<string, string> {
  return {
    'http-referer': String(client['http-referer'] ?? 'http://localhost:8123'),
    'x-title': String(client['x-title'] ?? 'AI Proxy'),
  }
}
