import type { ProviderSettings } from '../settings.ts'
import { httpProvider, type UpstreamTimeouts } from './http-provider.ts'

/** Google's models through its OpenAI-compatible endpoint: https://ai.google.dev/gemini-api/docs/openai */
export function gemini(settings: ProviderSettings, timeouts: UpstreamTimeouts) {
  return httpProvider({
    ...settings,
    name: 'gemini',
    apis: ['chat/completions', 'embeddings'],
    keyHeader: () => 'authorization',
    timeouts,
  })
}
