import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import type { ProviderSettings } from '../settings.ts'
import { HttpProvider } from './http-provider.ts'

/** OpenAI's own servers. */
export function openAi(settings: ProviderSettings): HttpProvider {
  return new HttpProvider({
    ...settings,
    name: 'openai',
    apis: KEYED_PROVIDERS.openai.apis,
    keyHeader: () => 'authorization',
  })
}
