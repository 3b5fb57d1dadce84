import { agentCallFor } from './agent.ts'
import { type Api, type Exchange, type Mode, namedEvent, sendError, sendJson, sendStream, WORDS } from './api.ts'
import { answer } from './common-modes.ts'

type Block = { type: string; [field: string]: unknown }
interface StreamedBlock {
  start: Block
  deltas: Block[]
}

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

const MODES: Record<string, Mode> = {
  overloaded: (exchange) => sendError(exchange, 529, 'Overloaded', 529),
  '429': (exchange) => {
    exchange.response.setHeader('retry-after', '7').setHeader('anthropic-ratelimit-requests-remaining', '0')
    sendError(exchange, 429, 'Number of request tokens has exceeded your per-minute rate limit', 429)
  },
  /** The stream breaks off with an event of type `error`. */
  'error-event': (exchange) => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    sendStream(exchange.response, [...MESSAGES.events(exchange, WORDS).slice(0, 4), namedEvent(overloaded)])
  },
  /** Text, then a tool call whose input arrives in pieces of JSON. */
  tools: (exchange) => {
    const use = { type: 'tool_use', id: 'toolu_a', name: 'weather' }
    const deltas = ['', '{"ci', 'ty": "Os', 'lo"}'].map((json) => ({ type: 'input_json_delta', partial_json: json }))
    const blocks = [textBlock(['Let me look.']), { start: { ...use, input: {} }, deltas }]
    const content = [
      { type: 'text', text: 'Let me look.' },
      { ...use, input: { city: 'Oslo' } },
    ]
    end(exchange, blocks, content, 'tool_use')
  },
  /** A model of an agent: it calls the tools that the user asks for. */
  agent: (exchange) => {
    const call = agentCallFor(exchange.request)
    if (!call) return answer(exchange)
    const use = { type: 'tool_use', id: `toolu_${exchange.id}`, name: call.name }
    const deltas = [{ type: 'input_json_delta', partial_json: JSON.stringify(call.input) }]
    return end(exchange, [{ start: { ...use, input: {} }, deltas }], [{ ...use, input: call.input }], 'tool_use')
  },
  thinking: (exchange) => {
    const deltas = [
      { type: 'thinking_delta', thinking: 'Let me' },
      { type: 'thinking_delta', thinking: ' think' },
      { type: 'signature_delta', signature: 'c2lnbmF0dXJl' },
    ]
    const blocks = [{ start: { type: 'thinking', thinking: '', signature: '' }, deltas }, textBlock(WORDS)]
    const thinking = { type: 'thinking', thinking: 'Let me think', signature: 'c2lnbmF0dXJl' }
    end(exchange, blocks, [thinking, { type: 'text', text: WORDS.join('') }], 'end_turn')
  },
}

/** POST /messages, Anthropic's API. */
export const MESSAGES: Api = {
  events: (exchange, words) => messageEvents(exchange, [textBlock(words)], 'end_turn'),
  whole: (exchange, text) => message(exchange, [{ type: 'text', text }], 'end_turn'),
  error: (text, _code, status) => ({
    type: 'error',
    error: { type: ERROR_TYPES[status] ?? 'api_error', message: text },
  }),
  modes: MODES,
}

function end(exchange: Exchange, blocks: StreamedBlock[], content: Block[], stopReason: string): void {
  if (exchange.request.stream) sendStream(exchange.response, messageEvents(exchange, blocks, stopReason))
  else sendJson(exchange.response, 200, message(exchange, content, stopReason))
}

function messageEvents(exchange: Exchange, blocks: StreamedBlock[], stopReason: string): string[] {
  const started = { ...message(exchange, [], null), usage: { input_tokens: 7, output_tokens: 1 } }
  const delta = { stop_reason: stopReason, stop_sequence: null }
  return [
    { type: 'message_start', message: started },
    ...blocks.flatMap(({ start, deltas }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...(index === 0 ? [{ type: 'ping' }] : []),
      ...deltas.map((piece) => ({ type: 'content_block_delta', index, delta: piece })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ].map(namedEvent)
}

function message({ id, request }: Exchange, content: Block[], stopReason: string | null) {
  const usage = { input_tokens: 7, output_tokens: 5 }
  const { model } = request
  const stop = { stop_reason: stopReason, stop_sequence: null }
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model, content, ...stop, usage }
}

function textBlock(words: string[]): StreamedBlock {
  return { start: { type: 'text', text: '' }, deltas: words.map((text) => ({ type: 'text_delta', text })) }
}
