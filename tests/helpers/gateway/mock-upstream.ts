/**
 * A provider that misbehaves on request, in each API that the gateway passes on. What it does is chosen by `mock/<mode>`
 * in the model's name or at the start of the last user message, else by its `mode`; see mock-upstream/common-modes.ts and the file of the API.
 * As a process: `tsx tests/helpers/gateway/mock-upstream.ts [port] [host]`.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  ANSWER,
  type Api,
  type ApiRequest,
  CREATED,
  type Mode,
  openAiError,
  sendError,
  sendJson,
} from './mock-upstream/api.ts'
import { CHAT } from './mock-upstream/chat.ts'
import { COMMON_MODES } from './mock-upstream/common-modes.ts'
import { COMPLETIONS } from './mock-upstream/completions.ts'
import { EMBEDDINGS } from './mock-upstream/embeddings.ts'
import { MESSAGES } from './mock-upstream/messages.ts'
import { RESPONSES } from './mock-upstream/responses.ts'

export interface MockRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** Byte for byte as received. */
  body: string
  /** How the exchange ended: `aborted` if the caller left before the answer was complete. */
  end: 'running' | 'answered' | 'aborted'
}

export interface MockUpstream {
  /** Origin, without a path. */
  url: string
  port: number
  /** Also served as JSON at GET /__requests. */
  requests: MockRequest[]
  /** What it does where a request chooses nothing; `normal` at first. */
  mode: string
  close: () => Promise<void>
}

const KEEP_ALIVE_MS = 3_000

/** By the end of the path; the longer name comes first. */
const APIS: [string, Api][] = [
  ['/chat/completions', CHAT],
  ['/completions', COMPLETIONS],
  ['/responses', RESPONSES],
  ['/messages', MESSAGES],
  ['/embeddings', EMBEDDINGS],
]

export async function startMockUpstream({ host = '127.0.0.1', port = 0 } = {}): Promise<MockUpstream> {
  const mock: MockUpstream = { url: '', port: 0, requests: [], mode: 'normal', close: () => close(server) }
  /** How often each body has arrived. */
  const attempts = new Map<string, number>()
  const server = createServer((request, response) => {
    handle(request, response, mock, attempts).catch((error: unknown) => response.destroy(error as Error))
  })
  // Short, because some tests wait until the gateway has closed its connections.
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  })
  mock.port = (server.address() as AddressInfo).port
  mock.url = `http://${host}:${mock.port}`
  return mock
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  mock: MockUpstream,
  attempts: Map<string, number>,
): Promise<void> {
  const { method = '', url: path = '/', headers } = request
  if (path === '/__requests') return sendJson(response, 200, mock.requests)
  const record: MockRequest = { method, path, headers, body: '', end: 'running' }
  mock.requests.push(record)
  const number = mock.requests.length
  const gone = new AbortController()
  response.on('close', () => {
    record.end = response.writableFinished ? 'answered' : 'aborted'
    gone.abort()
  })
  const received: Buffer[] = []
  for await (const part of request) received.push(part)
  record.body = Buffer.concat(received).toString('utf8')

  const [plainPath = ''] = path.split('?')
  const api = method === 'POST' && APIS.find(([end]) => plainPath.endsWith(end))?.[1]
  response.setHeader(api === MESSAGES ? 'request-id' : 'x-request-id', `upstream-${number}`)
  if (!api) return answerOther(method, plainPath, response)
  const asked: ApiRequest = JSON.parse(record.body)
  const id = `chatcmpl-mock-${number}`
  const attempt = (attempts.get(record.body) ?? 0) + 1
  attempts.set(record.body, attempt)
  const key = String(headers['x-api-key'] ?? headers.authorization ?? '')
  const { mode, numbers } = findMode(api, asked, mock.mode)
  const exchange = { api, id, request: asked, attempt, key, response, signal: gone.signal }
  await Promise.resolve(mode(exchange, numbers)).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error
  })
}

/** What it answers at endpoints without modes, by the end of the path. */
const OTHER: Record<string, object> = {
  '/audio/transcriptions': { text: ANSWER },
  '/images/generations': { created: CREATED, data: [{ b64_json: 'AAAA' }] },
  '/messages/count_tokens': { input_tokens: 12 },
}

function answerOther(method: string, path: string, response: ServerResponse): void {
  const data = [{ id: 'mock/normal', object: 'model', created: 0, owned_by: 'mock' }]
  const other = Object.entries(OTHER).find(([end]) => method === 'POST' && path.endsWith(end))?.[1]
  if (method === 'GET' && path.endsWith('/models')) sendJson(response, 200, { object: 'list', data })
  else if (other) sendJson(response, 200, other)
  else sendJson(response, 404, openAiError(`No such path: ${path}`, 'unknown_url'))
}

function findMode(api: Api, { messages, model = '' }: ApiRequest, usual: string): { mode: Mode; numbers: number[] } {
  const lastUser = messages?.findLast(({ role }) => role === 'user')?.content
  const asked = /^\s*mock\/([\w-]+)/.exec(typeof lastUser === 'string' ? lastUser : '')
  const name = asked?.[1] ?? /mock\/([\w-]+)$/.exec(model)?.[1] ?? usual
  const modes = { ...COMMON_MODES, ...api.modes }
  if (modes[name]) return { mode: modes[name], numbers: [] }
  const unknown: Mode = (exchange) => sendError(exchange, 400, `The mock has no mode ${name}`, 'unknown_mode')
  return { mode: modes[name.replace(/\d+/g, '<n>')] ?? unknown, numbers: (name.match(/\d+/g) ?? []).map(Number) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port = '0', host = '127.0.0.1'] = process.argv.slice(2)
  const upstream = await startMockUpstream({ host, port: Number(port) })
  process.stdout.write(`${upstream.url}\n`)
}
