import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../../context.ts'
import { problems } from '../../problems.ts'
import type { Authenticate } from '../auth.ts'
import { sendProblem } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

const PATHS = ['/v1/models', '/models']
/** The predecessor's moment of creation for all models. */
const CREATED = 1677610602

/** The models that have a name of their own; by its id also any other that a pattern takes. */
export function modelRoutes(app: FastifyInstance, context: GatewayContext, authenticate: Authenticate): void {
  const guarded = (answer: (request: FastifyRequest, reply: FastifyReply) => unknown) => {
    return (request: FastifyRequest, reply: FastifyReply) => {
      const authentication = context.settings.modelsRequireKey ? authenticate(request.headers) : undefined
      return authentication?.ok === false ? sendProblem(reply, authentication.problem) : answer(request, reply)
    }
  }
  const list = guarded(() => {
    const data = context.serving.routing.named.map(({ id, provider }) => toModel(id, provider))
    return { object: 'list', data }
  })
  // Ids hold slashes, so an id is all that is left of the path.
  const one = guarded((request, reply) => {
    const id = (request.params as { '*': string })['*']
    const route = context.serving.routing.find(id)
    return route ? toModel(id, route.provider) : sendProblem(reply, problems.modelNotFound(id))
  })
  for (const path of PATHS) {
    app.get(path, list)
    app.get(`${path}/*`, one)
    app.options(path, corsPreflight('GET, OPTIONS'))
    app.options(`${path}/*`, corsPreflight('GET, OPTIONS'))
  }
}

function toModel(id: string, provider: string) {
  return { id, object: 'model', created: CREATED, owned_by: provider, permission: [], root: id, parent: null }
}
