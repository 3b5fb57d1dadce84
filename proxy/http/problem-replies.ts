import { randomBytes } from 'node:crypto'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, HTTPMethods } from 'fastify'
import { apiOf } from '../apis/all.ts'
import type { Api } from '../apis/api.ts'
import { openAiErrors } from '../apis/openai-errors.ts'
import { type ApiProblem, errorJson, problems } from '../problems.ts'

/** In the form of the API that was called, or of OpenAI's where it was none. */
export function sendProblem(reply: FastifyReply, problem: ApiProblem, api?: Api): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ 'content-type': 'application/json', ...problem.headers })
    .send((api?.errors ?? openAiErrors).json(problem, reply.request.id))
}

const METHODS: HTTPMethods[] = ['GET', 'POST', 'OPTIONS']

/** Requests that reach no route, and failures of ours, are told as OpenAI error objects too. */
export function answerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }))
    const { method } = request
    if (allowed.length === 0) return sendProblem(reply, problems.unknownUrl(method, path))
    return sendProblem(reply, problems.wrongMethod(method, path, allowed.join(', ')), apiOf(path))
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return sendProblem(reply, { ...problems.badHttp(error.message), status: error.statusCode })
    }
    request.log.error({ err: error }, 'a request failed')
    return sendProblem(reply, problems.internal())
  })
}

/** For what is no HTTP request at all: there is nothing to reply to but the connection. */
export function answerMalformedHttp(release: string) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    // Nothing of ours may get into an answer that has begun. Node keeps it here.
    const running = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage
    if (running?.headersSent) {
      socket.destroy()
      return
    }
    const status = MALFORMED_STATUS[error.code ?? ''] ?? 400
    const body = errorJson(problems.badHttp(STATUS_CODES[status] ?? 'Bad Request'))
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${newRequestId()}`,
      `x-ai-proxy-release: ${release}`,
      'connection: close',
    ]
    if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    socket.destroySoon()
  }
}

const MALFORMED_STATUS: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

const ID_PREFIX = `req_${randomBytes(10).toString('hex')}`
let lastId = 0

/** Random for this process, then counted: as unique as a UUID, and cheaper. */
export function newRequestId(): string {
  lastId++
  return ID_PREFIX + lastId.toString(16).padStart(12, '0')
}
