import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { addApi } from './api/api-routes.ts'
import { addPages } from './pages/page-routes.ts'
import type { UiParts } from './ui-parts.ts'
import { problemOf, UiProblem } from './ui-problem.ts'
import { isBehindProxy } from './ui-settings.ts'

const MAX_BODY_BYTES = 65_536
const RECEIVE_TIMEOUT_MS = 30_000
const MAX_PARAM_LENGTH = 300

const HEADERS = {
  'x-content-type-options': 'nosniff',
  // With no-referrer browsers hide the origin of forms too, also from the site itself.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** The HTTP server of the UI. @param onError gets errors that are our bugs */
export function buildUi(parts: UiParts, onError: (error: Error) => void): FastifyInstance {
  const app = Fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: MAX_BODY_BYTES,
    // Proxies of a private network only.
    trustProxy: isBehindProxy(parts.settings) && ['loopback', 'uniquelocal'],
    requestTimeout: RECEIVE_TIMEOUT_MS,
    // Those on which a request is being answered stay open until then.
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH, querystringParser: firstOfEach },
    // An address that cannot be read reaches no hook.
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...HEADERS, 'x-request-id': request.id })
      sendProblem(toProblem(error, onError), request, reply)
    },
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...HEADERS, 'x-request-id': request.id, ...corsHeaders(request, parts) })
    if (request.method === 'OPTIONS' && isAllowedOrigin(request, parts)) return reply.code(204).send()
    return undefined
  })
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(toProblem(error, onError), request, reply))
  app.setNotFoundHandler((request, reply) => sendProblem(new UiProblem(404, 'there is no such page'), request, reply))
  addApi(app, parts)
  addPages(app, parts)
  return app
}

/** A name that comes again in an address is ignored, so that no value is a list. */
function firstOfEach(query: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) values[name] ??= value
  return values
}

function isAllowedOrigin({ headers: { origin } }: FastifyRequest, { settings }: UiParts): boolean {
  return origin !== undefined && settings.allowedOrigins.includes(origin)
}

/** Other sites need a key: a session never goes to them. */
function corsHeaders(request: FastifyRequest, parts: UiParts) {
  if (parts.settings.allowedOrigins.length === 0) return {}
  if (!isAllowedOrigin(request, parts)) return { vary: 'origin' }
  return {
    vary: 'origin',
    'access-control-allow-origin': request.headers.origin,
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-expose-headers': 'x-api-version, x-request-id, retry-after',
    'cross-origin-resource-policy': 'cross-origin',
  }
}

function toProblem(error: FastifyError, onError: (error: Error) => void): UiProblem {
  const known = problemOf(error)
  if (known) return known
  const { statusCode = 500, message } = error
  if (statusCode < 500) return new UiProblem(statusCode, message)
  onError(error)
  return new UiProblem(500, 'something went wrong in the UI', { hint: 'its output on the terminal says more' })
}

function sendProblem(problem: UiProblem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, message, hint, retryAfterS } = problem
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).send({ code: status, message, ...(hint !== undefined && { hint }), requestId: request.id })
}
