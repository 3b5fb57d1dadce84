/**
 * An OpenAI-compatible provider that misbehaves on request. What it does is chosen by `mock/<mode>` in the model's name
 * or at the start of the last user message; see MODES. As a process: `tsx tests/helpers/mock-upstream.ts [port] [host]`.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

interface MockRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** As received, byte for byte. */
  body: string
  /** How the exchange ended: `aborted` if the caller went away before the answer was whole. */
  end: 'running' | 'answered' | 'aborted'
}

export interface MockUpstream {
  /** Origin, without a path. */
  url: string
  port: number
  /** Also served as JSON at GET /__requests. */
  requests: MockRequest[]
  /** Connections accepted so far. */
  connections: () => number
  close: () => Promise<void>
}

interface ChatRequest {
  model?: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  messages?: { role?: string; content?: unknown }[]
}

interface Exchange {
  id: string
  chat: ChatRequest
  response: ServerResponse
  /** Aborted when the caller is gone. */
  signal: AbortSignal
}

/** Numbers in a mode's name, in order: `slow-20x100` -> [20, 100]. */
type Mode = (exchange: Exchange, numbers: number[]) => void | Promise<void>

const WORDS = ['Hello', ' from', ' the', ' mock', ' 🙂']
const ANSWER = WORDS.join('')
const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }

/** By the mode's name, where `<n>` stands for a number. */
const MODES: Record<string, Mode> = {
  normal: (exchange) => answer(exchange),
  '400': ({ response }) => sendError(response, 400, 'Unsupported parameter', 'unsupported_parameter'),
  '401': ({ response }) => sendError(response, 401, 'No auth credentials found', 'invalid_api_key'),
  '402': ({ response }) => sendError(response, 402, 'Insufficient credits', 402),
  '403': ({ response }) => sendError(response, 403, 'Key disabled', 403),
  '429': ({ response }) => {
    response.setHeader('retry-after', '7').setHeader('x-ratelimit-remaining-requests', '0')
    sendError(response, 429, 'Rate limit exceeded', 'rate_limit_exceeded')
  },
  '500': ({ response }) => sendError(response, 500, 'Internal error', 'server_error'),
  '503-html': ({ response }) => send(response, 503, 'text/html', '<html><body>503 Service Unavailable</body></html>'),
  /** A problem told with status 200, as OpenRouter does. */
  'error-200': ({ response }) =>
    send(response, 200, 'application/json', errorBody('Provider returned error', 'provider_error')),
  gzip: ({ chat, response, id }) => {
    const body = gzipSync(JSON.stringify(completion(chat, id, ANSWER)))
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body)
  },
  'json-for-stream': ({ chat, response, id }) =>
    send(response, 200, 'application/json', JSON.stringify(completion(chat, id, ANSWER))),
  'big-<n>': ({ chat, response, id }, [bytes = 0]) =>
    send(response, 200, 'application/json', JSON.stringify(completion(chat, id, 'x'.repeat(bytes)))),
  hang: () => {},
  'hang-after-<n>': (exchange, [count = 0]) => {
    startStream(exchange.response)
    exchange.response.write(events(exchange, WORDS).slice(0, count).join(''))
  },
  'cut-json': ({ chat, response, id }) => {
    const body = JSON.stringify(completion(chat, id, ANSWER))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.write(body.slice(0, 40), () => response.destroy())
  },
  /** TCP reset after n events. */
  'reset-<n>': (exchange, [count = 0]) => {
    startStream(exchange.response)
    exchange.response.write(events(exchange, WORDS).slice(0, count).join(''), () => {
      exchange.response.socket?.resetAndDestroy()
    })
  },
  /** A clean end of the body after n events, in the middle of the answer. */
  'cut-<n>': (exchange, [count = 0]) => {
    startStream(exchange.response)
    exchange.response.end(events(exchange, WORDS).slice(0, count).join(''))
  },
  'no-done': (exchange) => {
    startStream(exchange.response)
    exchange.response.end(events(exchange, WORDS).slice(0, -1).join(''))
  },
  /** The last event lacks its blank line. */
  'no-newline': (exchange) => {
    startStream(exchange.response)
    exchange.response.end(events(exchange, WORDS).join('').trimEnd())
  },
  'error-chunk': (exchange) => {
    startStream(exchange.response)
    const failed = { ...chunk(exchange.chat, exchange.id, {}, 'error'), ...errorOf('Provider disconnected', 502) }
    exchange.response.end(`${events(exchange, WORDS).slice(0, 2).join('')}${sse(failed)}data: [DONE]\n\n`)
  },
  /** n chunks, one every so many ms; numbered, so that a lost one shows. */
  'slow-<n>x<n>': (exchange, [delayMs = 0, count = 0]) => answer(exchange, numbered(count), delayMs),
  bytes: (exchange) => writePieces(exchange, 1),
  'split-utf8': (exchange) => writePieces(exchange, 7),
  'one-write': (exchange) => {
    startStream(exchange.response)
    exchange.response.end(events(exchange, WORDS).join(''))
  },
  crlf: (exchange) => {
    startStream(exchange.response)
    exchange.response.end(events(exchange, WORDS).join('').replaceAll('\n', '\r\n'))
  },
  comments: (exchange) => {
    startStream(exchange.response)
    exchange.response.end(`: PROCESSING\n\n${events(exchange, WORDS).join(': PROCESSING\n\n')}`)
  },
  'no-space': (exchange) => {
    startStream(exchange.response)
    exchange.response.end(events(exchange, WORDS).join('').replaceAll('data: ', 'data:'))
  },
  /** Two choices, tool calls in pieces, reasoning and a refusal. */
  rich: ({ chat, id, response }) => {
    startStream(response)
    const deltas = [
      chunk(chat, id, { role: 'assistant', content: '', reasoning: 'Let me' }),
      chunk(chat, id, { reasoning: ' think' }),
      chunk(chat, id, { role: 'assistant', content: '', refusal: 'I' }, null, 1),
      chunk(chat, id, { tool_calls: [toolCall(0, 'call_a', 'weather', '{"ci')] }),
      chunk(chat, id, { refusal: ' cannot' }, null, 1),
      chunk(chat, id, { tool_calls: [toolCall(1, 'call_b', 'time', '')] }),
      chunk(chat, id, { tool_calls: [{ index: 0, function: { arguments: 'ty":"Oslo"}' } }] }),
      chunk(chat, id, { tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
      chunk(chat, id, {}, 'tool_calls'),
      chunk(chat, id, {}, 'stop', 1),
      { ...chunk(chat, id, {}), choices: [], usage: { ...USAGE, cost: 0.000123 } },
    ]
    response.end(`${deltas.map(sse).join('')}data: [DONE]\n\n`)
  },
}

export async function startMockUpstream({ host = '127.0.0.1', port = 0 } = {}): Promise<MockUpstream> {
  const requests: MockRequest[] = []
  let connections = 0
  const server = createServer((request, response) => {
    handle(request, response, requests).catch((error: unknown) => response.destroy(error as Error))
  })
  server.on('connection', () => {
    connections++
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://${host}:${bound}`, port: bound, requests, connections: () => connections, close }
}

async function handle(request: IncomingMessage, response: ServerResponse, requests: MockRequest[]): Promise<void> {
  const path = request.url ?? '/'
  if (path === '/__requests') return send(response, 200, 'application/json', JSON.stringify(requests))
  const record: MockRequest = { method: request.method ?? '', path, headers: request.headers, body: '', end: 'running' }
  requests.push(record)
  const gone = new AbortController()
  response.on('close', () => {
    record.end = response.writableFinished ? 'answered' : 'aborted'
    gone.abort()
  })
  const received: Buffer[] = []
  for await (const part of request) received.push(part)
  record.body = Buffer.concat(received).toString('utf8')

  const id = `chatcmpl-mock-${requests.length}`
  response.setHeader('x-request-id', `upstream-${requests.length}`)
  if (request.method === 'GET' && path.endsWith('/models')) {
    const data = [{ id: 'mock/normal', object: 'model', created: 0, owned_by: 'mock' }]
    return send(response, 200, 'application/json', JSON.stringify({ object: 'list', data }))
  }
  if (request.method !== 'POST' || !path.endsWith('/chat/completions')) {
    return sendError(response, 404, `No such path: ${path}`, 'unknown_url')
  }
  const chat: ChatRequest = JSON.parse(record.body)
  const { mode, numbers } = findMode(chat)
  await Promise.resolve(mode({ id, chat, response, signal: gone.signal }, numbers)).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error
  })
}

function findMode(chat: ChatRequest): { mode: Mode; numbers: number[] } {
  const lastUser = chat.messages?.findLast(({ role }) => role === 'user')?.content
  const asked = /^\s*mock\/([\w-]+)/.exec(typeof lastUser === 'string' ? lastUser : '')
  const name = asked?.[1] ?? /mock\/([\w-]+)$/.exec(chat.model ?? '')?.[1] ?? 'normal'
  if (MODES[name]) return { mode: MODES[name], numbers: [] }
  const mode = MODES[name.replace(/\d+/g, '<n>')]
  const unknown: Mode = ({ response }) => sendError(response, 400, `The mock has no mode ${name}`, 'unknown_mode')
  return { mode: mode ?? unknown, numbers: (name.match(/\d+/g) ?? []).map(Number) }
}

/** A whole answer in the form that was asked for. */
async function answer(exchange: Exchange, words = WORDS, delayMs = 0): Promise<void> {
  const { chat, response, id, signal } = exchange
  if (!chat.stream) {
    if (delayMs > 0) await sleep(delayMs * words.length, undefined, { signal })
    return send(response, 200, 'application/json', JSON.stringify(completion(chat, id, words.join(''))))
  }
  startStream(response)
  for (const event of events(exchange, words)) {
    response.write(event)
    if (delayMs > 0) await sleep(delayMs, undefined, { signal })
  }
  response.end()
}

/** The normal stream in writes of so many bytes, each in its own packet as far as the kernel lets us. */
async function writePieces(exchange: Exchange, size: number): Promise<void> {
  const { response, signal } = exchange
  startStream(response)
  response.socket?.setNoDelay(true)
  const bytes = Buffer.from(events(exchange, WORDS).join(''))
  for (let at = 0; at < bytes.length; at += size) {
    signal.throwIfAborted()
    await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve))
  }
  response.end()
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-generation-id': 'gen-mock' })
  response.flushHeaders()
}

/** Every event of a normal stream, [DONE] included. */
function events({ chat, id }: Exchange, words: string[]): string[] {
  const includeUsage = chat.stream_options?.include_usage === true
  return [
    sse(chunk(chat, id, { role: 'assistant', content: '' })),
    ...words.map((content) => sse(chunk(chat, id, { content }))),
    sse(chunk(chat, id, {}, 'stop')),
    ...(includeUsage ? [sse({ ...chunk(chat, id, {}), choices: [], usage: USAGE })] : []),
    'data: [DONE]\n\n',
  ]
}

function chunk(chat: ChatRequest, id: string, delta: object, finishReason: string | null = null, index = 0) {
  const choices = [{ index, delta, finish_reason: finishReason }]
  return { id, object: 'chat.completion.chunk', created: 1700000000, model: chat.model, choices }
}

function completion(chat: ChatRequest, id: string, content: string) {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  return { id, object: 'chat.completion', created: 1700000000, model: chat.model, choices, usage: USAGE }
}

function toolCall(index: number, id: string, name: string, args: string) {
  return { index, id, type: 'function', function: { name, arguments: args } }
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index + 1} `)
}

function sse(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function errorOf(message: string, code: string | number) {
  return { error: { message, type: 'mock_error', param: null, code } }
}

function errorBody(message: string, code: string | number): string {
  return JSON.stringify(errorOf(message, code))
}

function sendError(response: ServerResponse, status: number, message: string, code: string | number): void {
  send(response, status, 'application/json', errorBody(message, code))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port = '0', host = '127.0.0.1'] = process.argv.slice(2)
  const upstream = await startMockUpstream({ host, port: Number(port) })
  process.stdout.write(`${upstream.url}\n`)
}
