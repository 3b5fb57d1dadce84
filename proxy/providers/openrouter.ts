import type { IncomingHttpHeaders } from 'node:http'
import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import { COMMON_HEADERS } from './client-headers.ts'
import { HttpProvider } from './http-provider.ts'
import type { KeyedProviderSettings } from './provider.ts'

/** OpenRouter, which passes requests on to many providers. */
export function openRouter(settings: KeyedProviderSettings): HttpProvider {
  return new HttpProvider({
    ...settings,
    name: 'openrouter',
    apis: KEYED_PROVIDERS.openrouter.apis,
    clientHeaders: COMMON_HEADERS,
    keyHeader: () => 'authorization',
    extraHeaders: attribution,
  })
}

/** The application that OpenRouter's pages show for a request; a client may name its own. */
function attribution(client: IncomingHttpHeaders): Record<string, string> {
  return {
    'http-referer': String(client['http-referer'] ?? 'http://localhost:8123'),
    'x-title': String(client['x-openrouter-title'] ?? client['x-title'] ?? 'AI Proxy'),
  }
}
