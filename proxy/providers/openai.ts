import type { ProviderSettings } from '../settings.ts'
import { httpProvider } from './http-provider.ts'

export function openAi(settings: ProviderSettings) {
  return httpProvider({
    ...settings,
    name: 'openai',
    apis: ['chat/completions', 'completions', 'embeddings', 'responses'],
    keyHeader: () => 'authorization',
  })
}
