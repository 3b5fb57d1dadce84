import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { isOfAnthropic } from '../../apis/messages.ts'
import { Exchange } from '../../exchange/exchange.ts'
import { problems } from '../../problems.ts'
import { inAnthropicForm, type RelayedEndpoint } from '../../relay/endpoints.ts'
import { relayRequest } from '../../relay/relay-request.ts'
import { methodsOfIds, RELAYED_PATHS } from '../../relay/relayed-paths.ts'
import { pathOf } from '../canonical-url.ts'
import { sendProblem, wantsWebSocket } from '../problem-replies.ts'
import { type ApiRouteOptions, DEPLOYMENT_PATH, deploymentOf } from './apis.ts'
import { answerOtherMethod } from './other-methods.ts'

/** As providers make them; nothing in them can lead to another path. */
const ID = /^(?!\.+$)[\w.:~-]{1,256}$/
/** Clients of Azure send it; no other server knows it. */
const AZURE_VERSION = 'api-version'
/** What the gateway has before the paths of providers. */
const ABOVE = /^(?:\/v1|\/openai\/deployments\/[^/]+)(?=\/)/

/** The endpoints that are relayed, each with and without /v1. */
export function relayedRoutes(app: FastifyInstance, options: ApiRouteOptions): void {
  const handler = () => {}
  const exposeHeadRoute = false
  for (const path of RELAYED_PATHS) {
    const { endpoint: full, endpoints, isModelled } = path
    const below = full.replace(/^\/v1/, '')
    for (const url of [full, below, ...(isModelled ? [DEPLOYMENT_PATH + below] : [])]) {
      for (const endpoint of endpoints) {
        const onRequest = relayHandler(endpoint, options)
        app.route({ method: endpoint.method, url, exposeHeadRoute, onRequest, handler })
      }
      for (const method of methodsOfIds(path)) {
        app.route({ method, url, exposeHeadRoute, onRequest: refuseMethod, handler })
      }
    }
  }
}

const refuseMethod: onRequestHookHandler = (request, reply) => void answerOtherMethod(request, reply)

/** Runs before Fastify reads the body: from then on the exchange answers, and Fastify does not. */
function relayHandler(
  endpoint: RelayedEndpoint,
  { services, live, authenticate, callers, hasSeveralKeys }: ApiRouteOptions,
): onRequestHookHandler {
  return (request, reply) => {
    const { id: requestId, raw, headers } = request
    const api = isOfAnthropic(headers) ? inAnthropicForm(endpoint) : endpoint
    const authentication = callers.isForeign(headers)
      ? { ok: false as const, problem: problems.foreignOrigin() }
      : authenticate(headers)
    const problem = authentication.ok ? problemOf(request) : authentication.problem
    if (problem || !authentication.ok) {
      sendProblem(reply, problem ?? problems.internal(), api)
      return
    }
    reply.hijack()
    const { serving, limits } = live
    const start = { id: requestId, request: raw, response: reply.raw, apiKey: authentication.key, api, serving }
    const context = { serving, limits, hasSeveralKeys }
    const target = { path: targetOf(request), id: idOf(request), deployment: deploymentOf(request) }
    const exchange = new Exchange(services, start)
    const refused = serving.logPolicies.problemWith(headers['x-log'])
    if (refused) exchange.refuse(refused)
    else relayRequest(exchange, context, target)
  }
}

/** For a request with a key. */
function problemOf(request: FastifyRequest) {
  if (wantsWebSocket(request.headers)) return problems.noWebSocket(pathOf(request))
  const id = idOf(request)
  return id === undefined || ID.test(id) ? undefined : problems.unknownUrl(request.method, pathOf(request))
}

function idOf({ params }: FastifyRequest): string | undefined {
  return (params as { id?: string }).id
}

/** The path below /v1, and the query as the client wrote it. */
function targetOf(request: FastifyRequest): string {
  const path = pathOf(request).replace(ABOVE, '').replace(/\/$/, '')
  const query = request.url.slice(pathOf(request).length + 1).split('&')
  const kept = query.filter((part) => part !== '' && part.split('=', 1)[0] !== AZURE_VERSION)
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}
