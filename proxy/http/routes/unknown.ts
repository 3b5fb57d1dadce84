import type { FastifyInstance, HTTPMethods } from 'fastify'
import { apiOf } from '../../apis/all.ts'
import { problems } from '../../problems.ts'
import { pathOf } from '../canonical-url.ts'
import { sendProblem } from '../problem-replies.ts'
import { answerOtherMethod, refuseMethod } from './other-methods.ts'

const METHODS: HTTPMethods[] = ['GET', 'POST', 'OPTIONS']

/** Replies with error objects to requests that match no route. */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    if (answerOtherMethod(request, reply)) return reply
    const path = pathOf(request)
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }))
    if (allowed.length === 0) return sendProblem(reply, problems.unknownUrl(request.method, path))
    return refuseMethod(request, reply, allowed.join(', '), apiOf(path))
  })
}
