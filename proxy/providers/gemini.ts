import type { GatewaySettings } from '../settings.ts'
import { openAiCompatible } from './openai-compatible.ts'

/** Google's models through its OpenAI-compatible endpoint. */
export function gemini({ gemini: settings, upstreamTimeouts }: GatewaySettings) {
  return openAiCompatible({
    ...settings,
    name: 'gemini',
    keyVariable: 'GEMINI_API_KEY',
    timeouts: upstreamTimeouts,
  })
}
