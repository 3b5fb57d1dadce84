import { firstElement, type Slice, scanInnerObject, scanJsonObject } from '../json-scan.ts'
import type { AnswerFacts } from './api.ts'

/** Facts of a JSON answer whose usage and error are members of these names; `finish` finds why it ended. */
export function readJsonAnswer<K extends string>(
  json: Buffer,
  members: readonly K[],
  finish: (found: Partial<Record<K, Slice>>) => unknown,
): AnswerFacts | undefined {
  const found = scanJsonObject<K | 'usage' | 'error'>(json, ['usage', 'error', ...members])
  if (!found) return undefined
  const reason = finish(found)
  return {
    finishReason: typeof reason === 'string' ? reason : null,
    usage: parseObject(json, found.usage),
    failed: parseObject(json, found.error) !== null,
  }
}

/** `finish_reason` of the first of the choices. */
export function firstFinishReason(json: Buffer, choices: Slice | undefined): unknown {
  const start = choices && firstElement(json, choices.start)
  if (start === undefined) return null
  return parseSlice(json, scanInnerObject(json, start, ['finish_reason']).finish_reason)
}

export function parseSlice(json: Buffer, slice: Slice | undefined): unknown {
  return slice && JSON.parse(json.toString('utf8', slice.start, slice.end))
}

function parseObject(json: Buffer, slice: Slice | undefined): Record<string, unknown> | null {
  const value = parseSlice(json, slice)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}
