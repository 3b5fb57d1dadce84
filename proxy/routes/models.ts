import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../auth.ts'
import type { GatewayContext } from '../context.ts'
import { sendProblem } from '../problem-replies.ts'
import type { Routing } from '../routing.ts'
import { corsPreflight } from './cors.ts'

const PATHS = ['/v1/models', '/models']
/** The predecessor's moment of creation for all models. */
const CREATED = 1677610602

export function modelRoutes(
  app: FastifyInstance,
  { settings }: GatewayContext,
  { routing, authenticate }: { routing: Routing; authenticate: Authenticate },
): void {
  const data = routing.named.map(({ id, provider }) => ({
    id,
    object: 'model',
    created: CREATED,
    owned_by: provider,
    permission: [],
    root: id,
    parent: null,
  }))
  const list = { object: 'list', data }
  for (const path of PATHS) {
    app.get(path, (request, reply) => {
      const authentication = settings.modelsRequireKey ? authenticate(request.headers.authorization) : undefined
      if (authentication?.ok === false) return sendProblem(reply, authentication.problem)
      return list
    })
    app.options(path, corsPreflight('GET, OPTIONS'))
  }
}
