import { EVENT_STREAM_HEADERS } from './headers.ts'

interface WholeCompletion {
  choices?: ({ message?: { tool_calls?: object[] } } & Record<string, unknown>)[]
  error?: { code?: unknown }
  [field: string]: unknown
}

interface StreamedReply {
  status: number
  headers: Record<string, string>
  body: Buffer
}

const BAD_GATEWAY = 502

/**
 * For an upstream that answers a request for a stream with one JSON body: a stream of one chunk, or an error with an
 * honest status. Undefined if the body is neither.
 */
export function asStream(json: Buffer): StreamedReply | undefined {
  const whole = parse(json)
  if (!whole) return undefined
  if (whole.error) return { status: errorStatus(whole.error.code), headers: {}, body: json }
  if (!Array.isArray(whole.choices)) return undefined
  const choices = whole.choices.map(({ message, ...choice }) => ({ ...choice, delta: asDelta(message) }))
  const chunk = { ...whole, object: 'chat.completion.chunk', choices }
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
