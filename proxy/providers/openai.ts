import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import { OPENAI_HEADERS } from './client-headers.ts'
import { HttpProvider } from './http-provider.ts'
import type { KeyedProviderSettings } from './provider.ts'

/** OpenAI's own servers. */
export function openAi(settings: KeyedProviderSettings): HttpProvider {
  return new HttpProvider({
    ...settings,
    name: 'openai',
    apis: KEYED_PROVIDERS.openai.apis,
    clientHeaders: OPENAI_HEADERS,
    keyHeader: () => 'authorization',
  })
}
