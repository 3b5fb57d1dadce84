import { isObject } from '../../kit/json.ts'
import type { Json } from '../json/parse.ts'
import { type Part, partsOf, reasoningParts, toolCalls, toolResponse } from './genai-parts.ts'

/** A message in the form of OpenTelemetry's conventions. */
export interface Message {
  role: string
  parts: Part[]
  /** Only messages of an answer have it. */
  finish_reason?: string
}

const TOOL_ROLES = ['tool', 'function']
/** The conventions want a reason also where the provider gave none. */
const NO_REASON = 'error'

/** A message of a request, or an item of OpenAI's Responses API; undefined if it says nothing. */
export function inputMessage(value: unknown): Message | undefined {
  const role = isObject(value) ? roleOf(value) : 'user'
  const parts = isObject(value) && typeof value['role'] === 'string' ? messageParts(role, value) : partsOf(value)
  return parts.length === 0 ? undefined : { role, parts }
}

/**
 * The messages of an answer, one for each choice.
 * @param finishReason of an answer that has only one choice
 */
export function outputMessages({ choices, content, output }: Json, finishReason: string | null): Message[] {
  if (Array.isArray(choices)) return choices.filter(isObject).map((choice) => choiceMessage(choice))
  const items = [content, output].find(Array.isArray)
  if (!items) return []
  const parts = items.flatMap((item) => inputMessage(item)?.parts ?? [])
  return [{ role: 'assistant', parts, finish_reason: finishReason ?? NO_REASON }]
}

function choiceMessage({ message, text, finish_reason }: Json): Message {
  const reason = typeof finish_reason === 'string' ? finish_reason : NO_REASON
  const parts = isObject(message) ? messageParts('assistant', message) : partsOf(text)
  return { role: 'assistant', parts, finish_reason: reason }
}

function roleOf({ role, type }: Json): string {
  if (typeof role === 'string') return role
  return String(type).endsWith('_output') ? 'tool' : 'assistant'
}

function messageParts(role: string, message: Json): Part[] {
  const { content, refusal, reasoning_content, reasoning, audio } = message
  if (TOOL_ROLES.includes(role)) return [toolResponse(message['tool_call_id'] ?? message['name'], content)]
  return [
    ...reasoningParts(reasoning_content ?? reasoning),
    ...partsOf(content),
    ...partsOf(refusal),
    ...(isObject(audio) ? partsOf(audio['transcript']) : []),
    ...toolCalls(message['tool_calls']),
    ...toolCalls(message['function_call']),
  ]
}
