import { KEYED_PROVIDERS } from '../../kit/providers.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ProviderSettings } from '../settings.ts'
import { geminiNormaliser } from './gemini-normaliser.ts'
import { checksSignatures, restoreSignatures, SignatureMemory } from './gemini-signatures.ts'
import { httpProvider } from './http-provider.ts'

/** Of the process, since conversations go on when the configuration changes. */
const memory = new SignatureMemory()

/** Google's models through its OpenAI-compatible endpoint: https://ai.google.dev/gemini-api/docs/openai */
export function gemini(settings: ProviderSettings) {
  return httpProvider({
    ...settings,
    name: 'gemini',
    apis: KEYED_PROVIDERS.gemini.apis,
    keyHeader: () => 'authorization',
    prepare: (body, exchange) => {
      if (!needsSignatures(exchange)) return body
      return restoreSignatures(body, (callId) => memory.get(keyOf(exchange, callId)))
    },
    normaliser: (exchange) =>
      geminiNormaliser(exchange.context.logger, (callId, signature) => {
        if (needsSignatures(exchange)) memory.set(keyOf(exchange, callId), signature)
      }),
  })
}

function needsSignatures({ api, route }: Exchange): boolean {
  return api.name === 'chat/completions' && checksSignatures(route?.model ?? '')
}

/** What one client was answered is nothing to another. */
function keyOf({ apiKey }: Exchange, callId: string): string {
  return `${apiKey?.hash ?? ''} ${callId}`
}
