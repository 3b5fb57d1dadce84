import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ECHO } from '../../../kit/providers.ts'
import { isOfAnthropic, messages } from '../../apis/messages.ts'
import { problems } from '../../problems.ts'
import { type ListedModel, listedModels } from '../../routing/listed-models.ts'
import type { LiveConfig } from '../../routing/live-config.ts'
import type { Authenticate } from '../auth.ts'
import { sendProblem } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

export interface ModelRouteOptions {
  live: LiveConfig
  authenticate: Authenticate
  /** Without a key there is no list. */
  isKeyRequired: boolean
}

const PATHS = ['/v1/models', '/models']
/** The predecessor's time of creation for all models. */
const CREATED = 1677610602
const CREATED_AT = new Date(CREATED * 1000).toISOString()

/**
 * GET /v1/models lists the models that are mapped by name, and those of the providers that patterns lead to; /v1/models/ID
 * also finds a model that a pattern matches. Both leave out a model whose providers have no key. The list has only what the
 * caller's key may use; a caller without a key gets the models that are mapped by name.
 */
export function modelRoutes(app: FastifyInstance, { live, authenticate, isKeyRequired }: ModelRouteOptions): void {
  const guarded = (answer: (request: FastifyRequest, reply: FastifyReply) => unknown) => {
    return (request: FastifyRequest, reply: FastifyReply) => {
      const authentication = authenticate(request.headers)
      return isKeyRequired && !authentication.ok
        ? sendProblem(reply, authentication.problem, errorsOf(request))
        : answer(request, reply)
    }
  }
  const list = guarded(async ({ headers }) => {
    const caller = authenticate(headers)
    // Without a key nothing is asked of a provider.
    const all = caller.ok ? await listedModels(live.serving) : live.serving.routing.named
    const models = caller.ok ? all.filter(({ id }) => id === ECHO || live.limits.allows(caller.key, id)) : all
    if (isOfAnthropic(headers)) return anthropicList(models)
    return { object: 'list', data: models.map(({ id, provider }) => toModel(id, provider)) }
  })
  // An id may contain slashes, so it is the whole rest of the path.
  const one = guarded((request, reply) => {
    const id = (request.params as { '*': string })['*']
    const provider = live.serving.routing.ownerOf(id)
    if (!provider) return sendProblem(reply, problems.modelNotFound(id), errorsOf(request))
    return isOfAnthropic(request.headers) ? toAnthropicModel(id) : toModel(id, provider)
  })
  for (const path of PATHS) {
    app.get(path, list)
    app.get(`${path}/*`, one)
    app.options(path, corsPreflight('GET, OPTIONS'))
    app.options(`${path}/*`, corsPreflight('GET, OPTIONS'))
  }
}

function errorsOf({ headers }: FastifyRequest) {
  return isOfAnthropic(headers) ? messages : undefined
}

/** All of it is one page. */
function anthropicList(models: readonly ListedModel[]) {
  const data = models.map(({ id }) => toAnthropicModel(id))
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

function toAnthropicModel(id: string) {
  return { type: 'model', id, display_name: id, created_at: CREATED_AT }
}

function toModel(id: string, provider: string) {
  return { id, object: 'model', created: CREATED, owned_by: provider, permission: [], root: id, parent: null }
}
