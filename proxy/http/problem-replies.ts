import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, HTTPMethods } from 'fastify'
import { apiOf } from '../apis/all.ts'
import type { Endpoint } from '../apis/api.ts'
import { openAiErrors } from '../apis/openai-errors.ts'
import { closeAfterAnswer, hasUnreadBody } from '../exchange/unread-body.ts'
import { type ApiProblem, problems } from '../problems.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Called for each error that {@link sendProblem} sends. */
    onProblem: (problem: ApiProblem) => void
  }
}

/** Replies in the form of the API that was called, or in OpenAI's form if the path is not one of an API. */
export function sendProblem(reply: FastifyReply, problem: ApiProblem, api?: Endpoint): FastifyReply {
  const { request } = reply
  reply.server.onProblem(problem)
  if (hasUnreadBody(request.raw)) {
    closeAfterAnswer(request.raw)
    reply.header('connection', 'close')
  }
  return reply
    .code(problem.status)
    .headers({ 'content-type': 'application/json', ...problem.headers })
    .send((api?.errors ?? openAiErrors).json(problem, request.id))
}

const METHODS: HTTPMethods[] = ['GET', 'POST', 'OPTIONS']

/** Replies with error objects to requests that match no route, and to requests on which the gateway itself fails. */
export function replyWithProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }))
    const { method, headers } = request
    if (allowed.length === 0) return sendProblem(reply, problems.unknownUrl(method, path))
    if (wantsWebSocket(headers)) return sendProblem(reply, problems.noWebSocket(path), apiOf(path))
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

/** Codex first tries a WebSocket, and only this status makes it use HTTP at once. */
export function wantsWebSocket({ upgrade }: IncomingHttpHeaders): boolean {
  return upgrade?.toLowerCase() === 'websocket'
}
