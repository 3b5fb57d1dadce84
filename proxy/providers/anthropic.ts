import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import type { ProviderSettings } from '../settings.ts'
import { httpProvider } from './http-provider.ts'

/** Its own API, and the one it has for clients of OpenAI: https://docs.anthropic.com/en/api/openai-sdk */
export function anthropic(settings: ProviderSettings) {
  return httpProvider({
    ...settings,
    name: 'anthropic',
    apis: KEYED_PROVIDERS.anthropic.apis,
    keyHeader: (api) => (api === 'messages' ? 'x-api-key' : 'authorization'),
  })
}
