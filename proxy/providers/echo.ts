import { randomUUID } from 'node:crypto'
import type { Exchange, Flow } from '../exchange.ts'
import { ECHO } from '../routing.ts'
import { Answer } from '../upstream/answer.ts'
import type { Provider } from './provider.ts'

/**
 * Go's reverse proxies, Traefik among them, drop an answer that begins before they have read the end of the request,
 * which an answer from memory does now and then. No provider is so fast.
 */
const THINKING_MS = 10

/** Answers with the last user message, without a key and without any upstream; a word counts as a token. */
export const echo: Provider = {
  name: ECHO,
  apis: ['chat/completions'],
  send: (exchange, body) => {
    const request: EchoedRequest = JSON.parse(body.toString('utf8'))
    exchange.timings.dispatched()
    const answer = new Answer(exchange)
    const thinking = setTimeout(() => {
      if (request.stream === true) streamEvents(exchange, answer, completionEvents(request))
      else sendWhole(answer, completion(request))
    }, THINKING_MS)
    exchange.flow = { pause() {}, resume() {}, abort: () => clearTimeout(thinking) }
  },
}

function sendWhole(answer: Answer, completion: object): void {
  answer.start(200, { 'content-type': 'application/json' })
  answer.data(Buffer.from(JSON.stringify(completion)))
  answer.end()
}

interface EchoedRequest {
  model: string
  messages: unknown[]
  stream?: unknown
  stream_options?: { include_usage?: unknown } | null
}

/** One event a turn of the loop, as long as the client keeps up. */
function streamEvents(exchange: Exchange, answer: Answer, events: string[]): void {
  let at = 0
  let paused = false
  let stopped = false
  const next = () => {
    if (paused || stopped) return
    const event = events[at++]
    if (event === undefined) return answer.end()
    answer.data(Buffer.from(event))
    setImmediate(next)
  }
  const flow: Flow = {
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
      next()
    },
    abort: () => {
      stopped = true
    },
  }
  exchange.flow = flow
  answer.start(200, { 'content-type': 'text/event-stream' })
  next()
}

function completion(request: EchoedRequest) {
  const message = { role: 'assistant', content: lastText(request.messages), refusal: null }
  return {
    ...identity('chat.completion', request),
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usage(request),
  }
}

function completionEvents(request: EchoedRequest): string[] {
  const includeUsage = request.stream_options?.include_usage === true
  const common = { ...identity('chat.completion.chunk', request), ...(includeUsage && { usage: null }) }
  const chunk = (delta: object, finishReason: string | null = null) => ({
    ...common,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  })
  const chunks: object[] = [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...words(lastText(request.messages)).map((content) => chunk({ content })),
    chunk({}, 'stop'),
    ...(includeUsage ? [{ ...common, choices: [], usage: usage(request) }] : []),
  ]
  return [...chunks.map((data) => `data: ${JSON.stringify(data)}\n\n`), 'data: [DONE]\n\n']
}

function identity(object: string, { model }: EchoedRequest) {
  return { id: `chatcmpl-echo-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model }
}

function usage({ messages }: EchoedRequest) {
  const promptTokens = messages.reduce((sum: number, message) => sum + countWords(textOf(message)), 0)
  const completionTokens = countWords(lastText(messages))
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

/** Each with the space before it, so that together they are the text. */
function words(text: string): string[] {
  return text.split(/(?<=\S)(?=\s)/).filter((word) => word !== '')
}

function countWords(text: string): number {
  return words(text.trim()).length
}

function lastText(messages: unknown[]): string {
  const last = messages.findLast((message) => isObject(message) && message['role'] === 'user') ?? messages.at(-1)
  return textOf(last)
}

/** The text of a message, whose content may be a text or parts. */
function textOf(message: unknown): string {
  const content = isObject(message) ? message['content'] : undefined
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
