import type { FastifyBaseLogger } from 'fastify'
import { isObject } from '../../../kit/json.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import type { ApiProblem } from '../../problems.ts'
import type { Normaliser } from '../../upstream/normaliser.ts'
import { googleProblem } from './gemini-errors.ts'
import { type Remember, SIGNATURE, signatureOf } from './gemini-signatures.ts'
import { GeminiStream } from './gemini-stream.ts'

/** Changes Google's answers to what clients of OpenAI expect, and passes the signatures in them to `remember`. */
export function geminiNormaliser(logger: FastifyBaseLogger, remember: Remember): Normaliser {
  const problem = (status: number, body: Buffer): ApiProblem | undefined => {
    const found = googleProblem(body, status)
    if (found?.code === 'upstream_auth_error') {
      logger.error({ provider: 'gemini', status }, "the provider refused the gateway's key")
    }
    return found
  }
  return {
    problem,
    lines: () => {
      const stream = new GeminiStream({ remember, problemIn: (json) => problem(200, json) })
      return (lines) => stream.rewrite(lines)
    },
    read: (body) => {
      if (!body.includes(SIGNATURE)) return
      for (const { id, extra_content: extra } of callsIn(parseJson(body.toString('utf8')))) {
        const signature = signatureOf(extra)
        if (signature && typeof id === 'string') remember(id, signature)
      }
    },
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
