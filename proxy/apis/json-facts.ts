import { isUtf8 } from 'node:buffer'
import { isObject } from '../../kit/json.ts'
import { type Json, parseJson } from '../json/parse.ts'
import type { AnswerFacts } from './api.ts'

/**
 * Facts of an answer that is one JSON object.
 * @param finish finds the reason why the answer ended
 * @returns undefined if it is not a JSON object
 */
export function readJsonAnswer(json: Buffer, finish: (answer: Json) => unknown): AnswerFacts | undefined {
  const answer = isUtf8(json) ? parseJson(json.toString('utf8')) : undefined
  if (!isObject(answer)) return undefined
  const { usage, error } = answer
  const reason = finish(answer)
  return {
    finishReason: typeof reason === 'string' ? reason : null,
    usage: isObject(usage) ? usage : null,
    hasFailed: isObject(error),
  }
}

/** `finish_reason` of the first of the choices. */
export function firstFinishReason({ choices }: Json): unknown {
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  return isObject(first) ? first['finish_reason'] : null
}
