import { EVENT_STREAM_HEADERS } from '../upstream/headers.ts'
import type { StreamedReply } from './api.ts'

interface WholeCompletion {
  choices?: ({ message?: { tool_calls?: object[] } } & Record<string, unknown>)[]
  error?: { code?: unknown }
  [field: string]: unknown
}

const BAD_GATEWAY = 502
const JSON_HEADERS = ['content-type', 'application/json']

/**
 * A completion, of chat or of text, as a stream of one chunk; an error gets an honest status instead. Undefined if the
 * body is neither.
 */
export function chatAsStream(json: Buffer): StreamedReply | undefined {
  const whole = parse(json)
  if (!whole) return undefined
  if (whole.error) return { status: errorStatus(whole.error.code), headers: JSON_HEADERS, body: json }
  if (!Array.isArray(whole.choices)) return undefined
  const isChat = whole.choices.some(({ message }) => message)
  const choices = whole.choices.map(({ message, ...choice }) =>
    isChat ? { ...choice, delta: asDelta(message) } : choice,
  )
  const chunk = { ...whole, ...(isChat && { object: 'chat.completion.chunk' }), choices }
  const body = Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`)
  return { status: 200, headers: EVENT_STREAM_HEADERS, body }
}

function asDelta(message: { tool_calls?: object[] } | undefined): object {
  const calls = message?.tool_calls
  return { ...message, ...(calls && { tool_calls: calls.map((call, index) => ({ index, ...call })) }) }
}

function errorStatus(code: unknown): number {
  return typeof code === 'number' && code >= 400 && code < 600 ? code : BAD_GATEWAY
}

function parse(json: Buffer): WholeCompletion | undefined {
  try {
    return JSON.parse(json.toString('utf8'))
  } catch {
    return undefined
  }
}
