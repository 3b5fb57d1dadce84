import type { ProviderSettings } from '../settings.ts'
import { httpProvider, type UpstreamTimeouts } from './http-provider.ts'

export function openAi(settings: ProviderSettings, timeouts: UpstreamTimeouts) {
  return httpProvider({
    ...settings,
    name: 'openai',
    apis: ['chat/completions', 'completions', 'embeddings', 'responses'],
    keyHeader: () => 'authorization',
    timeouts,
  })
}
