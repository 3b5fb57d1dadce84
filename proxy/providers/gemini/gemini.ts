import { KEYED_PROVIDERS } from '../../../kit/providers.ts'
import { EditedJson } from '../../json/edited-json.ts'
import { COMMON_HEADERS } from '../client-headers.ts'
import { HttpProvider } from '../http-provider.ts'
import type { KeyedProviderSettings, ProviderRequest } from '../provider.ts'
import { geminiNormaliser } from './gemini-normaliser.ts'
import { checksSignatures, restoreSignatures, SignatureMemory } from './gemini-signatures.ts'
import { withAcceptedSchemas } from './tool-schemas.ts'

/** Shared by the whole process, because conversations continue when the configuration changes. */
const memory = new SignatureMemory()

/** Google's models through its OpenAI-compatible endpoint: https://ai.google.dev/gemini-api/docs/openai */
export function gemini(settings: KeyedProviderSettings): HttpProvider {
  return new HttpProvider({
    ...settings,
    name: 'gemini',
    apis: KEYED_PROVIDERS.gemini.apis,
    clientHeaders: COMMON_HEADERS,
    keyHeader: () => 'authorization',
    prepare: (request) => {
      const body = withAcceptedSchemas(request.body.bytes)
      const recall = (callId: string) => memory.get(keyOf(request, callId))
      return new EditedJson(needsSignatures(request) ? restoreSignatures(body, recall) : body, [])
    },
    normaliser: (request) =>
      geminiNormaliser(request.exchange.api.name, (callId, signature) => {
        if (needsSignatures(request)) memory.set(keyOf(request, callId), signature)
      }),
  })
}

function needsSignatures({ exchange, route }: ProviderRequest): boolean {
  return exchange.api.name === 'chat/completions' && checksSignatures(route.model)
}

/** One client never gets the signatures of another. */
function keyOf({ exchange }: ProviderRequest, callId: string): string {
  return `${exchange.apiKey?.hash ?? ''} ${callId}`
}
