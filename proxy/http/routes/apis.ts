import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { ECHO } from '../../../kit/providers.ts'
import { APIS } from '../../apis/all.ts'
import type { Api } from '../../apis/api.ts'
import { withDeployment } from '../../apis/deployment.ts'
import { readRequest } from '../../apis/read-request.ts'
import { receiveBody } from '../../exchange/body/receive-body.ts'
import { nextStep } from '../../exchange/body/request-body.ts'
import { Exchange, type ExchangeStart } from '../../exchange/exchange.ts'
import type { ExchangeServices } from '../../exchange/ports.ts'
import { problems } from '../../problems.ts'
import { startAttempts } from '../../routing/attempts.ts'
import { bindToMaker } from '../../routing/bind-to-maker.ts'
import type { Limits } from '../../routing/limits.ts'
import type { LiveConfig } from '../../routing/live-config.ts'
import type { Serving } from '../../routing/serving.ts'
import type { Authenticate } from '../auth.ts'
import type { Callers } from '../callers.ts'
import { takeFirst } from '../direct-requests.ts'
import { sendProblem } from '../problem-replies.ts'
import { newRequestId } from '../request-id.ts'
import { corsPreflight } from './cors.ts'

export interface ApiRouteOptions {
  services: ExchangeServices
  live: LiveConfig
  authenticate: Authenticate
  callers: Callers
  /** There are several API keys. */
  hasSeveralKeys: boolean
}

/**
 * The POST endpoints, each with and without /v1, and below a deployment, as clients of Azure call them. Requests that most
 * clients send are taken before Fastify: to exactly such a path, by a caller who may call.
 */
export function apiRoutes(app: FastifyInstance, options: ApiRouteOptions): void {
  const direct = new Map<string | undefined, Api>()
  for (const api of APIS) {
    const onRequest = exchangeHandler(api, options)
    const paths = [api.endpoint, `/${api.name}`]
    for (const path of [...paths, `${DEPLOYMENT_PATH}/${api.name}`]) {
      app.post(path, { onRequest }, () => {})
      app.options(path, corsPreflight('POST, OPTIONS'))
    }
    for (const path of paths) direct.set(path, api)
  }
  const { authenticate, callers } = options
  takeFirst(app.server, (request, response) => {
    const api = request.method === 'POST' ? direct.get(request.url) : undefined
    if (!api || !callers.mayCall(request.headers)) return false
    const authentication = authenticate(request.headers)
    if (!authentication.ok) return false
    const { key: apiKey } = authentication
    startExchange(options, { id: newRequestId(), request, response, apiKey, api, serving: options.live.serving })
    return true
  })
}

/** Where clients of Azure name the model. */
export const DEPLOYMENT_PATH = '/openai/deployments/:deployment'

/** The model in the path; undefined if the path has none. */
export function deploymentOf({ params }: FastifyRequest): string | undefined {
  return (params as { deployment?: string }).deployment
}

/** Runs before Fastify reads the body: from then on the exchange answers, and Fastify does not. */
function exchangeHandler(api: Api, options: ApiRouteOptions): onRequestHookHandler {
  const { live, authenticate, callers } = options
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
    const { id, raw } = request
    const start = { id, request: raw, response: reply.raw, apiKey: authentication.key, api, serving: live.serving }
    startExchange(options, start, deploymentOf(request))
  }
}

function startExchange(
  { services, live }: ApiRouteOptions,
  start: ExchangeStart & { serving: Serving },
  deployment?: string,
): void {
  const { serving, request } = start
  const { limits } = live
  const exchange = new Exchange(services, start)
  const problem = serving.logPolicies.problemWith(request.headers['x-log'])
  if (problem) exchange.refuse(problem)
  else receiveBody(exchange, () => answerGuarded(exchange, { serving, limits, deployment }))
}

interface AnswerContext {
  serving: Serving
  limits: Limits
  deployment: string | undefined
}

function answerGuarded(exchange: Exchange, context: AnswerContext): void {
  try {
    answer(exchange, context)
  } catch (error) {
    exchange.failWith(error)
  }
}

function answer(exchange: Exchange, { serving, limits, deployment }: AnswerContext): void {
  const { bytes } = exchange.body
  const asked = deployment === undefined ? bytes : withDeployment(bytes, deployment)
  const { facts, problem, mayRefer, withModel } = readRequest(asked, exchange.api)
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
  const references = mayRefer ? exchange.api.references?.read(asked) : undefined
  const foreign = references && bindToMaker(exchange, references)
  if (foreign) {
    exchange.refuse(foreign)
    return
  }
  nextStep(exchange, () => startAttempts(exchange, serving, { model, withModel }))
}
