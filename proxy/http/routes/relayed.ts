import type { FastifyInstance, FastifyRequest, HTTPMethods, onRequestHookHandler } from 'fastify'
import { isOfAnthropic } from '../../apis/messages.ts'
import { Exchange } from '../../exchange/exchange.ts'
import { problems } from '../../problems.ts'
import { inAnthropicForm, RELAYED, type RelayedEndpoint } from '../../relay/endpoints.ts'
import { relayRequest } from '../../relay/relay-request.ts'
import { sendProblem, wantsWebSocket } from '../problem-replies.ts'
import { type ApiRouteOptions, DEPLOYMENT_PATH, deploymentOf } from './apis.ts'
import { corsPreflight } from './cors.ts'

const METHODS: HTTPMethods[] = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH']
/** As providers make them; nothing in them can lead to another path. */
const ID = /^(?!\.+$)[\w.:~-]{1,256}$/
/** Clients of Azure send it; no other server knows it. */
const AZURE_VERSION = 'api-version'
/** What the gateway has before the paths of providers. */
const ABOVE = /^(?:\/v1|\/openai\/deployments\/[^/]+)(?=\/)/

/** The endpoints that are relayed, each with and without /v1. */
export function relayedRoutes(app: FastifyInstance, options: ApiRouteOptions): void {
  for (const path of new Set(RELAYED.map(({ endpoint }) => endpoint))) {
    const endpoints = RELAYED.filter(({ endpoint }) => endpoint === path)
    const allowed = [...endpoints.map(({ method }) => method), 'OPTIONS'].join(', ')
    const below = path.replace(/^\/v1/, '')
    // Below a deployment of Azure are the endpoints whose body names one model.
    const isModelled = endpoints.some(({ model }) => model === 'required' || model === 'optional')
    for (const url of [path, below, ...(isModelled ? [DEPLOYMENT_PATH + below] : [])]) {
      for (const endpoint of endpoints) {
        const onRequest = relayHandler(endpoint, options)
        app.route({ method: endpoint.method, url, exposeHeadRoute: false, onRequest, handler: () => {} })
      }
      const others = METHODS.filter((method) => !endpoints.some((endpoint) => endpoint.method === method))
      app.route({
        method: others,
        url,
        handler: () => {},
        onRequest: refusal(endpoints[0] as RelayedEndpoint, allowed),
      })
      app.options(url, corsPreflight(allowed))
    }
  }
}

function refusal(endpoint: RelayedEndpoint, allowed: string): onRequestHookHandler {
  return (request, reply) => {
    const path = pathOf(request)
    const { method, headers } = request
    const problem = wantsWebSocket(headers) ? problems.noWebSocket(path) : problems.wrongMethod(method, path, allowed)
    sendProblem(reply, problem, endpoint)
  }
}

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

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '/'
}

/** The path below /v1, and the query as the client wrote it. */
function targetOf(request: FastifyRequest): string {
  const path = pathOf(request).replace(ABOVE, '').replace(/\/$/, '')
  const query = request.url.slice(pathOf(request).length + 1).split('&')
  const kept = query.filter((part) => part !== '' && part.split('=', 1)[0] !== AZURE_VERSION)
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}
