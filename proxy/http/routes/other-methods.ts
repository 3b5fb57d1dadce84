import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Endpoint } from '../../apis/api.ts'
import { problems } from '../../problems.ts'
import { relayedAt } from '../../relay/relayed-paths.ts'
import { pathOf } from '../canonical-url.ts'
import { sendProblem, wantsWebSocket } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

/**
 * Answers a request to a relayed endpoint with a method that the endpoint does not have. A route for each of these methods
 * would cost 6 MB.
 * @returns false if nothing is relayed at this path
 */
export function answerOtherMethod(request: FastifyRequest, reply: FastifyReply): boolean {
  const endpoints = relayedAt(pathOf(request))
  const [endpoint] = endpoints
  if (!endpoint) return false
  const allowed = [...endpoints.map((one) => one.method), 'OPTIONS'].join(', ')
  if (request.method === 'OPTIONS') corsPreflight(allowed)(request, reply)
  else refuseMethod(request, reply, allowed, endpoint)
  return true
}

/** @param allowed the methods of the path, as the header `Allow` has them */
export function refuseMethod(
  request: FastifyRequest,
  reply: FastifyReply,
  allowed: string,
  endpoint: Endpoint | undefined,
): FastifyReply {
  const path = pathOf(request)
  const { method, headers } = request
  const problem = wantsWebSocket(headers) ? problems.noWebSocket(path) : problems.wrongMethod(method, path, allowed)
  return sendProblem(reply, problem, endpoint)
}
