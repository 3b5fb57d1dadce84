import { isObject } from '../../kit/json.ts'
import { canonicalJson } from '../canon/canonical-reader.ts'
import { dataText, roleOf } from '../record/message-text.ts'

/**
 * A part of a turn.
 * @example
 * const part: Part = { kind: 'call', name: 'get_weather', text: 'city: Oslo' }
 */
export interface Part {
  /** A call is what a tool was given, a result what it gave back; a note replaces something that is not text. */
  kind: 'text' | 'reasoning' | 'refusal' | 'call' | 'result' | 'note'
  /** Name of the tool. */
  name?: string
  text: string
}

/**
 * What one side said in one message.
 * @example
 * const turn: Turn = { role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }
 */
export interface Turn {
  /** system, user, assistant, tool, or another role that the message names; `error` for an answer that is an error. */
  role: string
  parts: Part[]
}

type Json = Record<string, unknown>

const INSTRUCTIONS = ['system', 'instructions', 'systemInstruction'] as const
const CONVERSATIONS = ['messages', 'contents', 'input', 'prompt'] as const
const REASONING = ['reasoning_content', 'reasoning', 'thinking'] as const
const TEXTS = ['content', 'parts', 'text', 'transcript', 'audio'] as const
const MAX_NOTE_LENGTH = 500

/** Parses a canonical body; NaN and infinities, which only Python accepts, become null. */
export function parseBody(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return JSON.parse(canonicalJson(Buffer.from(json), { nonFiniteAsNull: true }).toString('utf8'))
  }
}

/**
 * The conversation in a request body of any API: chat, completions, Anthropic's, Responses, Gemini's.
 * @param body the parsed JSON of `request_json`
 * @returns an empty list for a body without a conversation
 * @example
 * const { request_json } = await findRequest('logs/db', '3fa2c9')
 * for (const { role, parts } of requestTurns(JSON.parse(request_json))) {
 *   console.log(role, parts.map(({ text }) => text).join(' '))
 * }
 */
export function requestTurns(body: unknown): Turn[] {
  if (!isObject(body)) return []
  const instructions = INSTRUCTIONS.flatMap((name) => turnOf(body[name], 'system'))
  const items = CONVERSATIONS.flatMap((name) => listOf(body[name]))
  const turns = [...instructions, ...items.flatMap((item) => turnOf(item, 'user'))]
  return turns.length > 0 ? turns : replacedBody(body, 'user')
}

/**
 * The answer in a response body; each of several choices is a turn.
 * @param body the parsed JSON of `response_json`
 * @returns an empty list for a body without an answer
 * @example
 * const { response_json } = await findRequest('logs/db', '3fa2c9')
 * const [answer] = responseTurns(JSON.parse(response_json))
 * console.log(answer?.parts[0]?.text)
 */
export function responseTurns(body: unknown): Turn[] {
  if (!isObject(body)) return []
  const choices = listOf(body['choices']).filter(isObject)
  const candidates = listOf(body['candidates']).filter(isObject)
  const items = [
    ...choices.map(({ message, text }) => message ?? text),
    ...candidates.map(({ content }) => content),
    ...listOf(body['output']),
    ...(body['content'] === undefined ? [] : [body]),
  ]
  const turns = [...items.flatMap((item) => turnOf(item, 'assistant')), ...errorTurn(body['error'])]
  return turns.length > 0 ? turns : replacedBody(body, 'assistant')
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}

function turnOf(item: unknown, defaultRole: string): Turn[] {
  const role = roleOf(item, defaultRole)
  const isResult = role === 'tool' || role === 'function'
  const parts = partsOf(item).map((part) => (isResult && part.kind === 'text' ? resultOf(item, part.text) : part))
  return parts.length > 0 ? [{ role, parts }] : []
}

function resultOf(message: unknown, text: string): Part {
  return { kind: 'result', ...nameOf(isObject(message) ? message : {}), text }
}

function errorTurn(error: unknown): Turn[] {
  if (error === undefined || error === null) return []
  const text = isObject(error) && typeof error['message'] === 'string' ? error['message'] : dataText(error)
  return [{ role: 'error', parts: [{ kind: 'text', text }] }]
}

/** For a body that was removed, that was too long to be logged, or that is not JSON. */
function replacedBody({ _removed, _truncated, _invalid_body }: Json, role: string): Turn[] {
  const note = (text: string): Turn[] => [{ role, parts: [{ kind: 'note', text }] }]
  if (_removed !== undefined) return note('removed')
  if (_invalid_body !== undefined) return note(`not JSON: ${_invalid_body}`)
  if (!isObject(_truncated)) return []
  return note(`logged in part, ${_truncated['bytes']} bytes: ${_truncated['head']} … ${_truncated['tail']}`)
}

/** The parts of a message, or of a part of one. */
function partsOf(value: unknown): Part[] {
  if (typeof value === 'string') return value === '' ? [] : [{ kind: 'text', text: value }]
  if (Array.isArray(value)) return value.flatMap(partsOf)
  if (!isObject(value)) return []
  const parts = [...reasoningParts(value), ...textParts(value), ...callParts(value), ...resultParts(value)]
  const isEmpty = value['role'] !== undefined || value['type'] === 'reasoning'
  return parts.length > 0 || isEmpty ? parts : noteParts(value)
}

function reasoningParts(value: Json): Part[] {
  const texts = REASONING.flatMap((name) => partsOf(value[name]))
  const summaries = value['type'] === 'reasoning' ? partsOf(value['summary']) : []
  const thoughts = value['thought'] === true ? partsOf(value['text']) : []
  return [...texts, ...summaries, ...thoughts].map(({ text }) => ({ kind: 'reasoning', text }))
}

function textParts(value: Json): Part[] {
  if (value['thought'] === true || isToolResult(value)) return []
  const refusals = partsOf(value['refusal']).map(({ text }): Part => ({ kind: 'refusal', text }))
  return [...TEXTS.flatMap((name) => partsOf(value[name])), ...refusals]
}

function callParts(value: Json): Part[] {
  const { tool_calls, function_call, functionCall, executableCode, custom } = value
  const within = [function_call, functionCall, value['function'], custom, executableCode].filter(isObject)
  const calls = [...listOf(tool_calls).filter(isObject).flatMap(callParts), ...within.flatMap(callParts)]
  const given = value['arguments'] ?? value['args'] ?? value['input'] ?? value['code']
  return given === undefined ? calls : [...calls, { kind: 'call', ...nameOf(value), text: dataText(given) }]
}

function resultParts(value: Json): Part[] {
  const { functionResponse, codeExecutionResult } = value
  const within = [functionResponse, codeExecutionResult].filter(isObject)
  const given = isToolResult(value) ? value['content'] : (value['output'] ?? value['response'])
  const results = within.flatMap(resultParts)
  if (given === undefined) return results
  const text = isObject(given)
    ? dataText(given)
    : partsOf(given)
        .map((part) => part.text)
        .join('\n')
  return [...results, { kind: 'result', ...nameOf(value), text }]
}

function isToolResult({ type }: Json): boolean {
  return typeof type === 'string' && type.endsWith('tool_result')
}

function nameOf({ name }: Json): { name?: string } {
  return typeof name === 'string' ? { name } : {}
}

/** For something that is not text, such as an image: its JSON, cut if it is long. */
function noteParts(value: Json): Part[] {
  const text = JSON.stringify(value)
  return [{ kind: 'note', text: text.length > MAX_NOTE_LENGTH ? `${text.slice(0, MAX_NOTE_LENGTH)}…` : text }]
}
