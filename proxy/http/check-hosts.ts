import type { FastifyInstance } from 'fastify'
import { apiOf } from '../apis/all.ts'
import { problems } from '../problems.ts'
import type { Callers } from './callers.ts'
import { sendProblem } from './problem-replies.ts'

/** Load balancers and containers check these by addresses of their own. */
const CHECKED_BY_ADDRESS: readonly string[] = ['/health', '/ready']

/** Refuses requests whose Host is not a name of this gateway. */
export function checkHosts(app: FastifyInstance, callers: Callers): void {
  if (!callers.hasHostRule) return
  app.addHook('onRequest', (request, reply, done) => {
    const { host } = request.headers
    if (callers.mayUseHost(host) || (callers.needsKey && CHECKED_BY_ADDRESS.includes(request.url))) done()
    else sendProblem(reply, problems.unknownHost(host ?? ''), apiOf(request.url))
  })
}
