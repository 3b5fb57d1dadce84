import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import { COMMON_HEADERS } from './client-headers.ts'
import { HttpProvider } from './http-provider.ts'
import type { KeyedProviderSettings } from './provider.ts'

/** Serves its own API, and one for clients of OpenAI: https://docs.anthropic.com/en/api/openai-sdk */
export function anthropic(settings: KeyedProviderSettings): HttpProvider {
  return new HttpProvider({
    ...settings,
    name: 'anthropic',
    apis: KEYED_PROVIDERS.anthropic.apis,
    clientHeaders: COMMON_HEADERS,
    keyHeader: (api) => (api === 'messages' ? 'x-api-key' : 'authorization'),
  })
}
