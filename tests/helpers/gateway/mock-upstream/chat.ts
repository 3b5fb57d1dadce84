import { agentCallFor } from './agent.ts'
import {
  type Api,
  type ApiRequest,
  CREATED,
  DONE,
  dataEvent,
  type Exchange,
  type Mode,
  openAiError,
  sendJson,
  sendStream,
  WORDS,
} from './api.ts'
import { answer } from './common-modes.ts'
import { GEMINI_MODES } from './gemini.ts'

const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }

const MODES: Record<string, Mode> = {
  'error-chunk': (exchange) => {
    const failed = { ...chatChunk(exchange, {}, 'error'), ...openAiError('Provider disconnected', 502) }
    sendStream(exchange.response, [...chatEvents(exchange, WORDS).slice(0, 2), dataEvent(failed), DONE])
  },
  /** Chunks without choices before, among and after the others. */
  'empty-choices': (exchange) => {
    const empty = dataEvent({ ...chatChunk(exchange, {}), choices: [], prompt_filter_results: [] })
    sendStream(exchange.response, [empty, chatEvents(exchange, WORDS).slice(0, -1).join(empty), empty, DONE])
  },
  /** Calls a tool; once it has the tool's result, an answer. */
  tools: (exchange) => {
    const { request, response, id } = exchange
    if (request.messages?.at(-1)?.role === 'tool') return answer(exchange)
    const call = toolCall(0, 'call_a', 'weather', '{"city":"Oslo"}')
    if (!request.stream) {
      const message = { role: 'assistant', content: null, tool_calls: [{ ...call, index: undefined }] }
      return sendJson(response, 200, completion({ id, request }, message, 'tool_calls'))
    }
    sendStream(response, toolStream(exchange, [0]))
  },
  /** A model of an agent: it calls the tools that the user asks for. */
  agent: (exchange) => {
    const { request, response, id } = exchange
    const call = agentCallFor(request)
    if (!call) return answer(exchange)
    const toolCalls = [toolCall(0, `call_${id}`, call.name, JSON.stringify(call.input))]
    const message = { role: 'assistant', content: null, tool_calls: toolCalls }
    if (!request.stream) return sendJson(response, 200, completion({ id, request }, message, 'tool_calls'))
    const chunks = [chatChunk(exchange, message), chatChunk(exchange, {}, 'tool_calls')]
    sendStream(response, [...chunks.map(dataEvent), DONE])
  },
  /** The streamed tool calls lack their index. */
  'no-index': (exchange) => sendStream(exchange.response, toolStream(exchange, [undefined, undefined])),
  /** Two choices, tool calls in pieces, reasoning and a refusal. */
  rich: (exchange) => {
    const deltas = [
      chatChunk(exchange, { role: 'assistant', content: '', reasoning: 'Let me' }),
      chatChunk(exchange, { reasoning: ' think' }),
      chatChunk(exchange, { role: 'assistant', content: '', refusal: 'I' }, null, 1),
      chatChunk(exchange, { tool_calls: [toolCall(0, 'call_a', 'weather', '{"ci')] }),
      chatChunk(exchange, { refusal: ' cannot' }, null, 1),
      chatChunk(exchange, { tool_calls: [toolCall(1, 'call_b', 'time', '')] }),
      chatChunk(exchange, { tool_calls: [{ index: 0, function: { arguments: 'ty":"Oslo"}' } }] }),
      chatChunk(exchange, { tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
      chatChunk(exchange, {}, 'tool_calls'),
      chatChunk(exchange, {}, 'stop', 1),
      { ...chatChunk(exchange, {}), choices: [], usage: { ...USAGE, cost: 0.000123 } },
    ]
    sendStream(exchange.response, [...deltas.map(dataEvent), DONE])
  },
  ...GEMINI_MODES,
}

/** POST /chat/completions. */
export const CHAT: Api = {
  events: chatEvents,
  whole: (exchange, content) => completion(exchange, { role: 'assistant', content }, 'stop'),
  error: openAiError,
  modes: MODES,
}

function chatEvents(exchange: Exchange, words: string[]): string[] {
  const includeUsage = exchange.request.stream_options?.include_usage === true
  return [
    dataEvent(chatChunk(exchange, { role: 'assistant', content: '' })),
    ...words.map((content) => dataEvent(chatChunk(exchange, { content }))),
    dataEvent(chatChunk(exchange, {}, 'stop')),
    ...(includeUsage ? [dataEvent({ ...chatChunk(exchange, {}), choices: [], usage: USAGE })] : []),
    DONE,
  ]
}

/** One call of a tool for each index, its arguments in two pieces. */
function toolStream(exchange: Exchange, indexes: (number | undefined)[]): string[] {
  const calls = indexes.flatMap((index, at) => [
    chatChunk(exchange, { tool_calls: [toolCall(index, `call_${'ab'[at]}`, 'weather', '{"city":')] }),
    chatChunk(exchange, { tool_calls: [{ index, function: { arguments: '"Oslo"}' } }] }),
  ])
  const first = chatChunk(exchange, { role: 'assistant', content: null })
  return [...[first, ...calls, chatChunk(exchange, {}, 'tool_calls')].map(dataEvent), DONE]
}

function chatChunk(
  { id, request }: { id: string; request: ApiRequest },
  delta: object,
  finishReason: string | null = null,
  index = 0,
) {
  const choices = [{ index, delta, finish_reason: finishReason }]
  return { id, object: 'chat.completion.chunk', created: CREATED, model: request.model, choices }
}

function completion({ id, request }: { id: string; request: ApiRequest }, message: object, finishReason: string) {
  const choices = [{ index: 0, message, finish_reason: finishReason }]
  return { id, object: 'chat.completion', created: CREATED, model: request.model, choices, usage: USAGE }
}

function toolCall(index: number | undefined, id: string, name: string, args: string) {
  return { index, id, type: 'function', function: { name, arguments: args } }
}
