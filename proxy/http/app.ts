import Fastify, { type FastifyInstance, type FastifyLoggerOptions, type FastifyReply, LogController } from 'fastify'
import type { HeaderList } from '../header-list.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { canonicalTarget } from './canonical-url.ts'
import { answerMalformedRequests } from './malformed-requests.ts'
import { replyWithProblems, sendProblem } from './problem-replies.ts'
import { newRequestId } from './request-id.ts'
import { refuseUnknownRoutes } from './routes/unknown.ts'

export interface AppOptions {
  /** The operator's log. */
  logger: FastifyLoggerOptions
  release: string
  /** Headers of every response. */
  commonHeaders: (requestId: string, origin: string | undefined) => HeaderList
  /** Called for each request that gets an error outside an exchange. */
  onProblem: (problem: ApiProblem) => void
}

/** Longer than an edge keeps its idle connections (Traefik: 90 s), so that the edge, not the gateway, closes them. */
const KEEP_ALIVE_MS = 120_000
/** For the largest uploads; an exchange gives up much earlier on a client that stops sending. */
const RECEIVE_TIMEOUT_MS = 6 * 3_600_000

/** Longer ids of objects are unknown to every route anyway. */
const MAX_PARAMETER_LENGTH = 256

/** The HTTP server without routes: what holds for every request, and errors in the form that clients know. */
export function createApp({ logger, release, commonHeaders, onProblem }: AppOptions): FastifyInstance {
  const app = Fastify({
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all requests: a child logger for each request would cost more than routing does.
    childLoggerFactory: (parent) => parent,
    // No route has a schema; without this Fastify loads two compilers for schemas, which take 8 MB of memory.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    genReqId: newRequestId,
    requestIdHeader: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
    rewriteUrl: canonicalTarget,
    clientErrorHandler: answerMalformedRequests(release, onProblem),
    frameworkErrors: (_error, request, reply) => {
      setHeaders(reply, commonHeaders(request.id, request.headers.origin))
      sendProblem(reply, problems.unknownUrl(request.method, request.url))
    },
  })
  app.decorate('onProblem', onProblem)
  // Each handler decides whether a body may be sent: a refused one is not asked for.
  app.server.on('checkContinue', (request, response) => void app.server.emit('request', request, response))
  // Exchanges read bodies themselves, as bytes.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onSend', (request, reply, _payload, done) => {
    setHeaders(reply, commonHeaders(request.id, request.headers.origin))
    done()
  })
  replyWithProblems(app)
  refuseUnknownRoutes(app)
  return app
}

function noCompiler(): never {
  throw new Error('a route has a schema, but nothing compiles it')
}

function setHeaders(reply: FastifyReply, headers: HeaderList): void {
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] as string, headers[at + 1])
}
