import { isObject } from '../../kit/json.ts'
import { EVENT_STREAM_HEADERS } from '../header-list.ts'
import { parseExact, stringifyExact } from '../json/exact.ts'
import type { Json } from '../json/parse.ts'
import type { StreamedReply } from './api.ts'
import { errorIn, numberedStatus } from './json-facts.ts'

const JSON_HEADERS = ['content-type', 'application/json']

/**
 * Makes a stream of one chunk out of a completion, of chat or of text. An error is replied with the status that it names.
 * @param hidesUsage the client did not ask for the tokens
 * @returns undefined if the body is neither
 */
export function chatAsStream(json: Buffer, hidesUsage = false): StreamedReply | undefined {
  const answer = parseExact(json.toString('utf8'))
  if (!isObject(answer)) return undefined
  const { usage, ...others } = answer
  const whole: Json = hidesUsage ? others : answer
  const error = errorIn(whole)
  if (error !== undefined) return { status: numberedStatus(error), headers: JSON_HEADERS, body: json }
  if (!Array.isArray(whole['choices']) || !whole['choices'].every(isObject)) return undefined
  const isChat = whole['choices'].some(({ message }) => isObject(message))
  const choices = whole['choices'].map(({ message, ...choice }) =>
    isChat ? { ...choice, delta: asDelta(message) } : choice,
  )
  const chunk = { ...whole, ...(isChat && { object: 'chat.completion.chunk' }), choices }
  const body = Buffer.from(`data: ${stringifyExact(chunk)}\n\ndata: [DONE]\n\n`)
  return { status: 200, headers: EVENT_STREAM_HEADERS, body }
}

function asDelta(message: unknown): Json {
  if (!isObject(message)) return {}
  const calls = message['tool_calls']
  if (!Array.isArray(calls)) return message
  return { ...message, tool_calls: calls.map((call, index) => (isObject(call) ? { index, ...call } : call)) }
}
