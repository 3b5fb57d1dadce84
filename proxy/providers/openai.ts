import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import type { ProviderSettings } from '../settings.ts'
import { httpProvider } from './http-provider.ts'

export function openAi(settings: ProviderSettings) {
  return httpProvider({
    ...settings,
    name: 'openai',
    apis: KEYED_PROVIDERS.openai.apis,
    keyHeader: () => 'authorization',
  })
}
