import { isObject } from '../../../kit/json.ts'
import type { ApiName } from '../../../kit/providers.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import type { Normaliser } from '../../upstream/normaliser.ts'
import { googleProblem } from './gemini-errors.ts'
import { type Remember, SIGNATURE, signatureOf } from './gemini-signatures.ts'
import { GeminiStream } from './gemini-stream.ts'
import { withChoice } from './unanswered.ts'

/** Changes Google's answers to what clients of OpenAI expect, and passes the signatures in them to `remember`. */
export function geminiNormaliser(api: ApiName, remember: Remember): Normaliser {
  return {
    problem: (status, body) => googleProblem(body, status),
    stream: () => new GeminiStream({ remember, problemIn: (json) => googleProblem(json, 200) }),
    read: (body) => {
      rememberSignatures(body, remember)
      return api === 'chat/completions' ? withChoice(body) : body
    },
  }
}

function rememberSignatures(body: Buffer, remember: Remember): void {
  if (!body.includes(SIGNATURE)) return
  for (const { id, extra_content: extra } of callsIn(parseJson(body.toString('utf8')))) {
    const signature = signatureOf(extra)
    if (signature && typeof id === 'string') remember(id, signature)
  }
}

function callsIn(completion: unknown): Json[] {
  const messages = objectsIn(completion, 'choices').map(({ message }) => message)
  return messages.flatMap((message) => objectsIn(message, 'tool_calls'))
}

function objectsIn(value: unknown, member: string): Json[] {
  const list = isObject(value) ? value[member] : undefined
  return Array.isArray(list) ? list.filter(isObject) : []
}
