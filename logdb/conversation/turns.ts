import { isObject } from '../../kit/json.ts'
import { canonicalJson } from '../canon/canonical-reader.ts'
import { errorParts, messageParts, type Part } from '../record/message-parts.ts'
import { roleOf } from '../record/message-text.ts'

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
  const parts = messageParts(item, role)
  return parts.length > 0 ? [{ role, parts }] : []
}

function errorTurn(error: unknown): Turn[] {
  const parts = errorParts(error)
  return parts.length > 0 ? [{ role: 'error', parts }] : []
}

/** For a body that was removed, that was not logged or too long to be logged, or that is not JSON. */
function replacedBody(body: Json, role: string): Turn[] {
  const { _removed, _truncated, _invalid_body, _digest, _omitted } = body
  const note = (text: string): Turn[] => [{ role, parts: [{ kind: 'note', text }] }]
  if (_removed !== undefined) return note('removed')
  if (_invalid_body !== undefined) return note(`not JSON: ${_invalid_body}`)
  const leftOut = [_digest, _omitted].find(isObject)
  if (leftOut) return note(`not logged, ${leftOut['bytes']} bytes${digestText(leftOut)}`)
  if (!isObject(_truncated)) return []
  return note(`logged in part, ${_truncated['bytes']} bytes: ${_truncated['head']} … ${_truncated['tail']}`)
}

/** The gateway writes an HMAC, or nothing; the digests of older logs are without a secret. */
function digestText({ sha256, hmac_sha256 }: Json): string {
  if (typeof hmac_sha256 === 'string') return `, HMAC-SHA-256 ${hmac_sha256}`
  return typeof sha256 === 'string' ? `, SHA-256 ${sha256}` : ''
}
