import type { IncomingHttpHeaders } from 'node:http'
import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import type { ProviderSettings } from '../settings.ts'
import { httpProvider } from './http-provider.ts'

export function openRouter(settings: ProviderSettings) {
  return httpProvider({
    ...settings,
    name: 'openrouter',
    apis: KEYED_PROVIDERS.openrouter.apis,
    keyHeader: () => 'authorization',
    extraHeaders: attribution,
  })
}

/** Which application a request counts for on OpenRouter's pages; a client may name its own. */
function attribution(client: IncomingHttpHeaders): Record<string, string> {
  return {
    'http-referer': String(client['http-referer'] ?? 'http://localhost:8123'),
    'x-title': String(client['x-openrouter-title'] ?? client['x-title'] ?? 'AI Proxy'),
  }
}
