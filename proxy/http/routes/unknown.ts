import type { FastifyInstance, HTTPMethods } from 'fastify'
import { apiOf } from '../../apis/all.ts'
import { problems } from '../../problems.ts'
import { sendProblem, wantsWebSocket } from '../problem-replies.ts'
import { answerOtherMethod } from './other-methods.ts'

const METHODS: HTTPMethods[] = ['GET', 'POST', 'OPTIONS']

/** Replies with error objects to requests that match no route. */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    if (answerOtherMethod(request, reply)) return reply
    const path = request.url.split('?')[0] ?? '/'
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }))
    const { method, headers } = request
    if (allowed.length === 0) return sendProblem(reply, problems.unknownUrl(method, path))
    if (wantsWebSocket(headers)) return sendProblem(reply, problems.noWebSocket(path), apiOf(path))
    return sendProblem(reply, problems.wrongMethod(method, path, allowed.join(', ')), apiOf(path))
  })
}
