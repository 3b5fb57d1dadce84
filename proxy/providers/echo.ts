import { randomUUID } from 'node:crypto'
import { ECHO } from '../../kit/providers.ts'
import type { Exchange, Flow } from '../exchange/exchange.ts'
import { Answer } from '../upstream/answer.ts'
import type { Provider } from './provider.ts'

/**
 * Go's reverse proxies, Traefik among them, drop an answer that begins before they have read the end of the request,
 * which an answer from memory does now and then. No provider is so fast.
 */
const THINKING_MS = 10
/** What comes after so many words comes in larger pieces. */
const WORDS_ALONE = 1000
const LARGE_PIECE = /.{1,4096}/gsu
const WORD = /\S+/g
/** With the space before it; space at the end is a piece of its own. */
const SPACED_WORD = /\s*\S+|\s+/g

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
function streamEvents(exchange: Exchange, answer: Answer, events: Iterator<string>): void {
  let paused = false
  let stopped = false
  const next = () => {
    if (paused || stopped) return
    const { done, value: event } = events.next()
    if (done) return answer.end()
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

/** Made as they are sent: those of a long text are a hundred times as long as the text. */
function* completionEvents(request: EchoedRequest): Generator<string, void> {
  const includeUsage = request.stream_options?.include_usage === true
  const common = { ...identity('chat.completion.chunk', request), ...(includeUsage && { usage: null }) }
  const event = (fields: object) => `data: ${JSON.stringify({ ...common, ...fields })}\n\n`
  const chunk = (delta: object, finishReason: string | null = null) =>
    event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] })
  yield chunk({ role: 'assistant', content: '', refusal: null })
  for (const content of pieces(lastText(request.messages))) yield chunk({ content })
  yield chunk({}, 'stop')
  if (includeUsage) yield event({ choices: [], usage: usage(request) })
  yield 'data: [DONE]\n\n'
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

/** Together they are the text. */
function* pieces(text: string): Generator<string, void> {
  let count = 0
  let end = 0
  for (const [word] of text.matchAll(SPACED_WORD)) {
    yield word
    end += word.length
    count++
    if (count === WORDS_ALONE) break
  }
  for (const [piece] of text.slice(end).matchAll(LARGE_PIECE)) yield piece
}

function countWords(text: string): number {
  let count = 0
  for (const _ of text.matchAll(WORD)) count++
  return count
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
