import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { ECHO } from '../../../kit/providers.ts'
import { APIS } from '../../apis/all.ts'
import type { Api } from '../../apis/api.ts'
import { readRequest } from '../../apis/read-request.ts'
import { Exchange, type ExchangeServices } from '../../exchange/exchange.ts'
import { receiveBody } from '../../exchange/receive-body.ts'
import { problems } from '../../problems.ts'
import { startAttempts } from '../../routing/attempts.ts'
import type { Limits } from '../../routing/limits.ts'
import type { LiveConfig } from '../../routing/live-config.ts'
import type { Serving } from '../../routing/serving.ts'
import type { Authenticate } from '../auth.ts'
import type { Callers } from '../callers.ts'
import { sendProblem } from '../problem-replies.ts'
import { corsPreflight } from './cors.ts'

export interface ApiRouteOptions {
  services: ExchangeServices
  live: LiveConfig
  authenticate: Authenticate
  callers: Callers
}

/** The POST endpoints, each with and without /v1. */
export function apiRoutes(app: FastifyInstance, options: ApiRouteOptions): void {
  for (const api of APIS) {
    const onRequest = exchangeHandler(api, options)
    for (const path of [api.endpoint, `/${api.name}`]) {
      app.post(path, { onRequest }, () => {})
      app.options(path, corsPreflight('POST, OPTIONS'))
    }
  }
}

/** Runs before Fastify reads the body: from then on the exchange answers, and Fastify does not. */
function exchangeHandler(api: Api, { services, live, authenticate, callers }: ApiRouteOptions): onRequestHookHandler {
  return (request, reply) => {
    if (callers.isForeign(request.headers)) {
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
    const { serving, limits } = live
    const { id, raw } = request
    const exchange = new Exchange(services, { id, request: raw, response: reply.raw, apiKey, api, serving })
    receiveBody(exchange, () => answerGuarded(exchange, serving, limits))
  }
}

/** A bug of the gateway ends only the request that it concerns. */
function answerGuarded(exchange: Exchange, serving: Serving, limits: Limits): void {
  try {
    answer(exchange, serving, limits)
  } catch (error) {
    exchange.services.logger.error({ err: error, requestId: exchange.id }, 'a request failed')
    exchange.refuse(problems.internal())
  }
}

function answer(exchange: Exchange, serving: Serving, limits: Limits): void {
  const { facts, problem, withModel } = readRequest(exchange.body.bytes, exchange.api)
  exchange.noteFacts(facts)
  if (problem) {
    exchange.refuse(problem)
    return
  }
  const { model, stream } = facts
  // A deploy tests the new release with echo, whatever the limits are.
  if (model !== ECHO) {
    const admitted = limits.admit({ apiKey: exchange.apiKey, model, stream })
    if (admitted.problem) {
      exchange.refuse(admitted.problem)
      return
    }
    exchange.noteAdmission(admitted.release)
  }
  startAttempts(exchange, serving, { model, withModel })
}
