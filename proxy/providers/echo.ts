import { randomUUID } from 'node:crypto'
import { isObject } from '../../kit/json.ts'
import { ECHO } from '../../kit/providers.ts'
import type { Flow } from '../exchange/client-response.ts'
import { Answer } from '../upstream/answer.ts'
import type { Provider } from './provider.ts'

/**
 * Go's reverse proxies, Traefik among them, drop an answer that begins before they have read the end of the request, and
 * an answer from memory sometimes does. No real provider is this fast.
 */
const THINKING_MS = 10
/** The text after this many words is sent in larger pieces. */
const WORDS_ALONE = 1000
const LARGE_PIECE = /.{1,4096}/gsu
const WORD = /\S+/g
/** With the space before it; space at the end of the text is a separate piece. */
const SPACED_WORD = /\s*\S+|\s+/g

/** Answers with the last user message; needs neither a key nor a server. A word counts as a token. */
export const echo: Provider = {
  name: ECHO,
  apis: ['chat/completions'],
  send: ({ exchange, route, body }) => {
    const request: EchoedRequest = JSON.parse(body.bytes.toString('utf8'))
    const answer = new Answer({ exchange, route, tryOther: () => false })
    exchange.timings.dispatched()
    exchange.answerWith(answer, new EchoFlow(request, answer))
  },
}

interface EchoedRequest {
  model: string
  messages: unknown[]
  stream?: unknown
  stream_options?: { include_usage?: unknown } | null
}

/** Sends one event in each turn of the event loop, as fast as the client reads them. */
class EchoFlow implements Flow {
  readonly #request: EchoedRequest
  readonly #answer: Answer
  readonly #thinking: NodeJS.Timeout
  /** Undefined until the answer has begun, and for an answer in one piece. */
  #events: Iterator<string, void> | undefined
  #isPaused = false
  #isStopped = false

  constructor(request: EchoedRequest, answer: Answer) {
    this.#request = request
    this.#answer = answer
    this.#thinking = setTimeout(() => this.#begin(), THINKING_MS)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#sendNext()
  }

  abort(): void {
    this.#isStopped = true
    clearTimeout(this.#thinking)
  }

  #begin(): void {
    if (this.#request.stream === true) {
      this.#answer.start(200, { 'content-type': 'text/event-stream' })
      this.#events = completionEvents(this.#request)
      this.#sendNext()
    } else {
      this.#answer.start(200, { 'content-type': 'application/json' })
      this.#answer.data(Buffer.from(JSON.stringify(completion(this.#request))))
      this.#answer.end()
    }
  }

  #sendNext(): void {
    if (!this.#events || this.#isPaused || this.#isStopped) return
    const { done, value: event } = this.#events.next()
    if (done) {
      this.#isStopped = true
      this.#answer.end()
      return
    }
    this.#answer.data(Buffer.from(event))
    setImmediate(() => this.#sendNext())
  }
}

function completion(request: EchoedRequest) {
  const message = { role: 'assistant', content: lastText(request.messages), refusal: null }
  return {
    ...identity('chat.completion', request),
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usage(request),
  }
}

/** Made while they are sent: the events of a long text are a hundred times as long as the text. */
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

/** The pieces of the text, in order. */
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

/** The text of a message, whose content is a text or a list of parts. */
function textOf(message: unknown): string {
  const content = isObject(message) ? message['content'] : undefined
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('')
}
