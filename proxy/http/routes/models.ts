import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problems } from '../../problems.ts'
import type { LiveConfig } from '../../routing/live-config.ts'
import type { Authenticate } from '../auth.ts'
import { sendProblem } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

export interface ModelRouteOptions {
  live: LiveConfig
  /** Undefined if the list needs no key. */
  authenticate: Authenticate | undefined
}

const PATHS = ['/v1/models', '/models']
/** The predecessor's time of creation for all models. */
const CREATED = 1677610602

/**
 * GET /v1/models lists the models that are mapped by name; /v1/models/ID also finds a model that a pattern matches. Both
 * leave out a model whose providers have no key.
 */
export function modelRoutes(app: FastifyInstance, { live, authenticate }: ModelRouteOptions): void {
  const guarded = (answer: (request: FastifyRequest, reply: FastifyReply) => unknown) => {
    return (request: FastifyRequest, reply: FastifyReply) => {
      const authentication = authenticate?.(request.headers)
      return authentication?.ok === false ? sendProblem(reply, authentication.problem) : answer(request, reply)
    }
  }
  const list = guarded(() => {
    const data = live.serving.routing.named.map(({ id, provider }) => toModel(id, provider))
    return { object: 'list', data }
  })
  // An id may contain slashes, so it is the whole rest of the path.
  const one = guarded((request, reply) => {
    const id = (request.params as { '*': string })['*']
    const provider = live.serving.routing.ownerOf(id)
    return provider ? toModel(id, provider) : sendProblem(reply, problems.modelNotFound(id))
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
