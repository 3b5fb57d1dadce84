import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import type { ProviderSettings } from '../settings.ts'
import { HttpProvider } from './http-provider.ts'

/** Serves its own API, and one for clients of OpenAI: https://docs.anthropic.com/en/api/openai-sdk */
export function anthropic(settings: ProviderSettings): HttpProvider {
  return new HttpProvider({
    ...settings,
    name: 'anthropic',
    apis: KEYED_PROVIDERS.anthropic.apis,
    keyHeader: (api) => (api === 'messages' ? 'x-api-key' : 'authorization'),
  })
}
