import type { FastifyInstance, FastifyReply, HTTPMethods } from 'fastify'
import { type ApiProblem, errorJson, problems } from './errors.ts'

export function sendProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ 'content-type': 'application/json', ...problem.headers })
    .send(errorJson(problem))
}

const METHODS: HTTPMethods[] = ['GET', 'POST', 'OPTIONS']

/** Requests that reach no route, and failures of ours, are told as OpenAI error objects too. */
export function answerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }))
    const { method } = request
    if (allowed.length === 0) return sendProblem(reply, problems.unknownUrl(method, path))
    return sendProblem(reply, problems.wrongMethod(method, path, allowed.join(', ')))
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return sendProblem(reply, { ...problems.badHttp(error.message), status: error.statusCode })
    }
    request.log.error({ err: error }, 'a request failed')
    return sendProblem(reply, problems.internal())
  })
}
