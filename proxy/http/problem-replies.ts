import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Endpoint } from '../apis/api.ts'
import { openAiErrors } from '../apis/openai-errors.ts'
import { closeAfterAnswer, hasUnreadBody } from '../exchange/body/unread-body.ts'
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

/** Replies with error objects to requests on which the gateway itself fails. */
export function replyWithProblems(app: FastifyInstance): void {
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
