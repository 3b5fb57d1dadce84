import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { onTestFinished } from 'vitest'
import { type GatewayOptions, startGateway } from './gateway.ts'

export interface RawRequest {
  path: string
  headers: Record<string, string>
  body: string
  /** The number of the request on its connection, from 1 on. */
  onConnection: number
}

export interface RawUpstream {
  url: string
  requests: RawRequest[]
  /** Connections so far. */
  connections: number
}

const HEAD_END = '\r\n\r\n'

/**
 * A provider that writes bytes to a socket: it is called once for each whole request.
 * @param pair key and certificate, if its connections are encrypted
 */
export async function startRawUpstream(
  answer: (socket: Socket, request: RawRequest) => void | Promise<void>,
  pair?: { key: string; cert: string },
): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const onSocket = (socket: Socket) => {
    upstream.connections++
    sockets.add(socket.on('error', () => {}).on('end', () => socket.end()))
    readRequests(socket, (request) => {
      upstream.requests.push(request)
      void answer(socket, request)
    })
  }
  const options = { allowHalfOpen: true, ...pair }
  const server = (pair ? createTlsServer(options, onSocket) : createServer(options, onSocket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `${pair ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const upstream: RawUpstream = { url, requests: [], connections: 0 }
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return upstream
}

function readRequests(socket: Socket, onRequest: (request: RawRequest) => void): void {
  let received = Buffer.alloc(0)
  let onConnection = 0
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    while (true) {
      const end = received.indexOf(HEAD_END)
      if (end === -1) return
      const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n')
      const headers = Object.fromEntries(lines.map((line) => [nameOf(line), line.slice(line.indexOf(':') + 1).trim()]))
      const bodyEnd = end + HEAD_END.length + Number(headers['content-length'] ?? 0)
      if (received.length < bodyEnd) return
      const body = received.toString('utf8', end + HEAD_END.length, bodyEnd)
      received = received.subarray(bodyEnd)
      onConnection++
      onRequest({ path: first.split(' ')[1] ?? '', headers, body, onConnection })
    }
  })
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase()
}

/** A gateway whose model `mine` is answered by this provider; OPENAI_API_KEY is `upstream-key-1`. */
export async function startBeforeRaw(
  answer: Parameters<typeof startRawUpstream>[0],
  { environment, config, mappings }: GatewayOptions = {},
  pair?: { key: string; cert: string },
) {
  const upstream = await startRawUpstream(answer, pair)
  const gateway = await startGateway({
    environment: { OPENAI_API_KEY: 'upstream-key-1', OPENAI_BASE_URL: upstream.url, ...environment },
    mappings: { mine: 'openai:mine', ...mappings },
    config: {
      providers: { claude: { base_url: upstream.url, apis: ['messages'], key_required: false } },
      ...config,
    },
  })
  return { upstream, gateway }
}

/** A whole response. */
export function reply(status: number, body: unknown, type = 'application/json', headers = ''): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const head = `HTTP/1.1 ${status} X\r\ncontent-type: ${type}\r\n${headers}`
  return `${head}content-length: ${Buffer.byteLength(text)}${HEAD_END}${text}`
}

/** A response that ends with the connection. */
export function stream(...events: string[]): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close${HEAD_END}${events.join('')}`
}

export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

export const DONE = event('[DONE]')

/** A chunk of a chat. */
export function chunk(delta: object, finishReason: string | null = null, index = 0): string {
  const choices = [{ index, delta, finish_reason: finishReason }]
  return event({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })
}

export function completion(content: string) {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  return { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices }
}
