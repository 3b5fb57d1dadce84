import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { ECHO } from '../../../kit/providers.ts'
import { APIS } from '../../apis/all.ts'
import type { Api } from '../../apis/api.ts'
import { readRequestBody } from '../../apis/read-request.ts'
import type { GatewayContext } from '../../context.ts'
import { Exchange } from '../../exchange/exchange.ts'
import { receiveBody } from '../../exchange/receive-body.ts'
import { problems } from '../../problems.ts'
import { send } from '../../routing/attempts.ts'
import type { Authenticate } from '../auth.ts'
import { sendProblem } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

/** The POST endpoints, each with and without /v1. */
export function apiRoutes(app: FastifyInstance, context: GatewayContext, authenticate: Authenticate): void {
  for (const api of APIS) {
    for (const path of [api.endpoint, `/${api.name}`]) {
      addRoute(app, context, { api, path, authenticate })
      app.options(path, corsPreflight('POST, OPTIONS', api))
    }
  }
}

interface ApiRoute {
  api: Api
  path: string
  authenticate: Authenticate
}

function addRoute(app: FastifyInstance, context: GatewayContext, { api, path, authenticate }: ApiRoute): void {
  const needsKey = context.settings.apiKeys.length > 0
  // Before Fastify looks at the body: from here on the exchange answers, past it.
  const onRequest: onRequestHookHandler = (request, reply) => {
    if (!needsKey && isForeign(request.headers)) {
      sendProblem(reply, problems.foreignOrigin(), api)
      return
    }
    const authentication = authenticate(request.headers)
    if (!authentication.ok) {
      sendProblem(reply, authentication.problem, api)
      return
    }
    reply.hijack()
    const { key: apiKey } = authentication
    const exchange = new Exchange({ context, id: request.id, request: request.raw, response: reply.raw, apiKey, api })
    receiveBody(exchange, () => answerGuarded(exchange))
  }
  app.post(path, { onRequest }, () => {})
}

/** Where no key is needed, any page that is open in a browser here could use the gateway: only pages of its own may. */
function isForeign({ origin, host }: IncomingHttpHeaders): boolean {
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}

/** A fault of ours ends this request and no other. */
function answerGuarded(exchange: Exchange): void {
  try {
    answer(exchange)
  } catch (error) {
    exchange.context.logger.error({ err: error, requestId: exchange.id }, 'a request failed')
    exchange.refuse(problems.internal())
  }
}

function answer(exchange: Exchange): void {
  const body = readRequestBody(exchange.body, exchange.api)
  exchange.isJson = body.isJson
  exchange.model = body.model
  exchange.stream = body.stream
  if (body.problem) {
    exchange.refuse(body.problem)
    return
  }
  // Deploy tries a release with it, whatever the limits are.
  if (body.model !== ECHO) {
    const { apiKey, context } = exchange
    const admitted = context.limits.admit({ apiKey, model: body.model, stream: body.stream })
    if (admitted.problem) {
      exchange.refuse(admitted.problem)
      return
    }
    exchange.release = admitted.release
  }
  send(exchange, body.model, body.withModel)
}
