import { agentCallFor } from './agent.ts'
import {
  ANSWER,
  type Api,
  CREATED,
  type Exchange,
  type Mode,
  namedEvent,
  openAiError,
  sendJson,
  sendStream,
  WORDS,
} from './api.ts'
import { answer } from './common-modes.ts'

type ResponseEvent = { type: string; [field: string]: unknown }

const USAGE = {
  input_tokens: 7,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 12,
}

const MODES: Record<string, Mode> = {
  /** A model of an agent: it calls the tools that the user asks for. */
  agent: (exchange) => {
    const call = agentCallFor(exchange.request)
    if (!call) return answer(exchange)
    const { id, request, response } = exchange
    const args = JSON.stringify(call.input)
    const item = { id: `fc_${id}`, type: 'function_call', status: 'completed', call_id: `call_${id}`, name: call.name }
    const whole = responseObject(exchange, 'completed', [{ ...item, arguments: args }])
    if (!request.stream) return sendJson(response, 200, whole)
    const started = { ...item, arguments: '', status: 'in_progress' }
    const events: ResponseEvent[] = [
      { type: 'response.created', response: { ...responseObject(exchange, 'in_progress', []), usage: null } },
      { type: 'response.output_item.added', output_index: 0, item: started },
      { type: 'response.function_call_arguments.delta', item_id: item.id, output_index: 0, delta: args },
      { type: 'response.function_call_arguments.done', item_id: item.id, output_index: 0, arguments: args },
      { type: 'response.output_item.done', output_index: 0, item: { ...item, arguments: args } },
      { type: 'response.completed', response: whole },
    ]
    sendStream(response, numberedEvents(events))
  },
  /** The stream breaks off with an event of type `error`. */
  'error-event': (exchange) => {
    const failure = { type: 'error', code: 'server_error', message: 'The server had an error', param: null }
    sendStream(exchange.response, numberedEvents([...textEvents(exchange, WORDS).slice(0, 5), failure]))
  },
  failed: (exchange) => {
    const error = { code: 'server_error', message: 'The model failed' }
    const failed = { ...responseObject(exchange, 'failed', []), error, usage: null }
    end(exchange, failed, { type: 'response.failed', response: failed })
  },
  incomplete: (exchange) => {
    const item = messageItem(exchange, ANSWER, 'incomplete')
    const details = { incomplete_details: { reason: 'max_output_tokens' } }
    const incomplete = { ...responseObject(exchange, 'incomplete', [item]), ...details }
    end(exchange, incomplete, { type: 'response.incomplete', response: incomplete })
  },
}

/** POST /responses. */
export const RESPONSES: Api = {
  events: (exchange, words) => numberedEvents(textEvents(exchange, words)),
  whole: (exchange, text) => responseObject(exchange, 'completed', [messageItem(exchange, text, 'completed')]),
  error: openAiError,
  modes: MODES,
}

/** Ends with a failure: with this event after some text, or with this body. */
function end(exchange: Exchange, body: object, last: ResponseEvent): void {
  if (!exchange.request.stream) sendJson(exchange.response, 200, body)
  else sendStream(exchange.response, numberedEvents([...textEvents(exchange, WORDS).slice(0, -1), last]))
}

function textEvents(exchange: Exchange, words: string[]): ResponseEvent[] {
  const place = { item_id: `msg_${exchange.id}`, output_index: 0, content_index: 0 }
  const text = words.join('')
  const running = { ...responseObject(exchange, 'in_progress', []), usage: null }
  const item = messageItem(exchange, text, 'completed')
  return [
    { type: 'response.created', response: running },
    { type: 'response.in_progress', response: running },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [], status: 'in_progress' } },
    { type: 'response.content_part.added', ...place, part: outputText('') },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: outputText(text) },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: responseObject(exchange, 'completed', [item]) },
  ]
}

function numberedEvents(events: ResponseEvent[]): string[] {
  return events.map((event, index) => namedEvent({ ...event, sequence_number: index }))
}

function responseObject({ id, request }: Exchange, status: string, output: object[]) {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: request.model,
    output,
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: USAGE,
  }
}

function messageItem({ id }: Exchange, text: string, status: string) {
  return { id: `msg_${id}`, type: 'message', status, role: 'assistant', content: [outputText(text)] }
}

function outputText(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}
