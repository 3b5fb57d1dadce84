import type { FastifyReply, FastifyRequest } from 'fastify'
import { problems } from '../../problems.ts'
import { relayedAt } from '../../relay/relayed-paths.ts'
import { sendProblem, wantsWebSocket } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

/**
 * Answers a request to a relayed endpoint with a method that the endpoint does not have. A route for each of these methods
 * would cost 6 MB.
 * @returns false if nothing is relayed at this path
 */
export function answerOtherMethod(request: FastifyRequest, reply: FastifyReply): boolean {
  const [path = '/'] = request.url.split('?', 1)
  const endpoints = relayedAt(path)
  const [endpoint] = endpoints
  if (!endpoint) return false
  const { method, headers } = request
  const allowed = [...endpoints.map((one) => one.method), 'OPTIONS'].join(', ')
  if (method === 'OPTIONS') corsPreflight(allowed)(request, reply)
  else if (wantsWebSocket(headers)) sendProblem(reply, problems.noWebSocket(path), endpoint)
  else sendProblem(reply, problems.wrongMethod(method, path, allowed), endpoint)
  return true
}
