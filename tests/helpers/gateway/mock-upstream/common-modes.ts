import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ANSWER, type Exchange, type Mode, send, sendError, sendJson, sendStream, startStream, WORDS } from './api.ts'

const letGo = new EventEmitter()

/** The modes of every API, by name; `<n>` stands for a number. */
export const COMMON_MODES: Record<string, Mode> = {
  normal: (exchange) => answer(exchange),
  '400': (exchange) => sendError(exchange, 400, 'Unsupported parameter', 'unsupported_parameter'),
  '401': (exchange) => sendError(exchange, 401, 'No auth credentials found', 'invalid_api_key'),
  '402': (exchange) => sendError(exchange, 402, 'Insufficient credits', 402),
  '403': (exchange) => sendError(exchange, 403, 'Key disabled', 403),
  '429': (exchange) => {
    exchange.response.setHeader('retry-after', '7').setHeader('x-ratelimit-remaining-requests', '0')
    sendError(exchange, 429, 'Rate limit exceeded', 'rate_limit_exceeded')
  },
  '500': (exchange) => sendError(exchange, 500, 'Internal error', 'server_error'),
  '<n>': (exchange, [status = 500]) => sendError(exchange, status, `The mock says ${status}`, status),
  /** A status for the key that ends in the second number; other keys get an answer. */
  '<n>-for-key-<n>': async (exchange, [status = 500, key]) => {
    if (!exchange.key.endsWith(`${key}`)) return answer(exchange)
    if (status === 429) exchange.response.setHeader('retry-after', '7')
    sendError(exchange, status, `The mock says ${status}`, status)
  },
  /** A status that asks for another try soon, this many times; then an answer. */
  'fail-<n>x<n>': async (exchange, [status = 500, times = 1]) => {
    if (exchange.attempt > times) return answer(exchange)
    exchange.response.setHeader('retry-after-ms', '5')
    sendError(exchange, status, `The mock says ${status}`, status)
  },
  /** A status that asks not to be tried again. */
  'no-retry-<n>': (exchange, [status = 500]) => {
    exchange.response.setHeader('x-should-retry', 'false')
    sendError(exchange, status, `The mock says ${status}`, status)
  },
  '503-html': ({ response }) => send(response, 503, 'text/html', '<html><body>503 Service Unavailable</body></html>'),
  /** An error with status 200, as OpenRouter sends it. */
  'error-200': ({ api, response }) =>
    sendJson(response, 200, api.error('Provider returned error', 'provider_error', 200)),
  gzip: (exchange) => {
    const { api, request, response } = exchange
    const [type, text] = request.stream
      ? ['text/event-stream', api.events(exchange, WORDS).join('')]
      : ['application/json', JSON.stringify(api.whole(exchange, ANSWER))]
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipSync(text))
  },
  'json-for-stream': (exchange) => sendJson(exchange.response, 200, exchange.api.whole(exchange, ANSWER)),
  'big-<n>': (exchange, [bytes = 0]) =>
    sendJson(exchange.response, 200, exchange.api.whole(exchange, 'x'.repeat(bytes))),
  hang: () => {},
  'hang-after-<n>': (exchange, [count = 0]) => {
    startStream(exchange.response)
    exchange.response.write(firstEvents(exchange, count))
  },
  'cut-json': (exchange) => {
    const { api, response } = exchange
    const body = JSON.stringify(api.whole(exchange, ANSWER))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.write(body.slice(0, 40), () => response.destroy())
  },
  /** TCP reset after n events. */
  'reset-<n>': (exchange, [count = 0]) => {
    const { response } = exchange
    startStream(response)
    response.write(firstEvents(exchange, count), () => response.socket?.resetAndDestroy())
  },
  /** A clean end of the body after n events, in the middle of the answer. */
  'cut-<n>': (exchange, [count = 0]) => sendStream(exchange.response, [firstEvents(exchange, count)]),
  /** All but the last event. */
  'no-done': (exchange) => sendStream(exchange.response, exchange.api.events(exchange, WORDS).slice(0, -1)),
  /** The last event lacks its blank line. */
  'no-newline': (exchange) => sendStream(exchange.response, [normalStream(exchange).trimEnd()]),
  /** Numbered chunks, so that a lost one is noticed: one every <first number> ms, <second number> of them. */
  'slow-<n>x<n>': (exchange, [delayMs = 0, count = 0]) => answer(exchange, numbered(count), delayMs),
  /** A chunk every <first number> ms until another request asks for `let-go`; then the end of an answer. */
  'hold-<n>': async (exchange, [delayMs = 0]) => {
    const { api, response, signal } = exchange
    const isLetGo = new AbortController()
    letGo.once('let-go', () => isLetGo.abort())
    startStream(response)
    const [head = '', piece = '', ...end] = api.events(exchange, ['held '])
    response.write(head)
    while (!isLetGo.signal.aborted) {
      response.write(piece)
      await sleep(delayMs, undefined, { signal })
    }
    response.end(end.join(''))
  },
  'let-go': (exchange) => {
    letGo.emit('let-go')
    return answer(exchange)
  },
  /** n chunks of 16 KB, as fast as they are read. */
  'flood-<n>': async (exchange, [count = 0]) => {
    const { api, response, signal } = exchange
    startStream(response)
    for (const event of api.events(exchange, Array(count).fill('x'.repeat(16_384)))) {
      signal.throwIfAborted()
      if (!response.write(event)) await once(response, 'drain', { signal })
    }
    response.end()
  },
  bytes: (exchange) => writePieces(exchange, pieces(normalStream(exchange), 1)),
  /** A write ends in the middle of the four bytes of an emoji. */
  'split-utf8': (exchange) => {
    const bytes = Buffer.from(normalStream(exchange))
    const middle = bytes.indexOf('🙂') + 2
    return writePieces(exchange, [bytes.subarray(0, middle), bytes.subarray(middle)])
  },
  'one-write': (exchange) => sendStream(exchange.response, [normalStream(exchange)]),
  crlf: (exchange) => sendStream(exchange.response, [normalStream(exchange).replaceAll('\n', '\r\n')]),
  comments: (exchange) =>
    sendStream(exchange.response, [': PROCESSING\n\n', exchange.api.events(exchange, WORDS).join(': PROCESSING\n\n')]),
  'no-space': (exchange) => sendStream(exchange.response, [normalStream(exchange).replaceAll('data: ', 'data:')]),
}

/** A complete answer in the form that was requested. */
export async function answer(exchange: Exchange, words = WORDS, delayMs = 0): Promise<void> {
  const { api, request, response, signal } = exchange
  if (!request.stream) {
    if (delayMs > 0) await sleep(delayMs * words.length, undefined, { signal })
    return sendJson(response, 200, api.whole(exchange, words.join('')))
  }
  startStream(response)
  for (const event of api.events(exchange, words)) {
    response.write(event)
    if (delayMs > 0) await sleep(delayMs, undefined, { signal })
  }
  response.end()
}

function normalStream(exchange: Exchange): string {
  return exchange.api.events(exchange, WORDS).join('')
}

function firstEvents(exchange: Exchange, count: number): string {
  return exchange.api.events(exchange, WORDS).slice(0, count).join('')
}

function pieces(text: string, sizeBytes: number): Buffer[] {
  const bytes = Buffer.from(text)
  return Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, index) =>
    bytes.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  )
}

/** Sends each piece in its own packet, as far as the kernel allows it. */
async function writePieces({ response, signal }: Exchange, list: Buffer[]): Promise<void> {
  startStream(response)
  response.socket?.setNoDelay(true)
  for (const piece of list) {
    signal.throwIfAborted()
    await new Promise((resolve) => response.write(piece, resolve))
  }
  response.end()
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index + 1} `)
}
