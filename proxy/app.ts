import Fastify, { type FastifyInstance, type FastifyLoggerOptions, LogController } from 'fastify'
import { createAuthenticator } from './auth.ts'
import type { GatewayContext } from './context.ts'
import { problems } from './errors.ts'
import type { RequestLog } from './log/writer.ts'
import { answerMalformedHttp, answerProblems, newRequestId, sendProblem } from './problem-replies.ts'
import { createProviders } from './providers/all.ts'
import { responseHeaders } from './response-headers.ts'
import { chatCompletionRoutes } from './routes/chat-completions.ts'
import { healthRoutes } from './routes/health.ts'
import { modelRoutes } from './routes/models.ts'
import { compileRouting } from './routing.ts'
import type { RunningExchanges } from './running.ts'
import type { GatewaySettings } from './settings.ts'

export interface GatewayDeps {
  requestLog: RequestLog
  running: RunningExchanges
  /** The operator's log. */
  logger: FastifyLoggerOptions
}

/** Longer than an edge keeps its idle connections (Traefik: 90 s), so that it is never we who close one under its feet. */
const KEEP_ALIVE_MS = 120_000
const RECEIVE_TIMEOUT_MS = 300_000
const DEV_RELEASE = 'dev'

/** The gateway, ready to listen. */
export function buildApp(settings: GatewaySettings, { requestLog, running, logger }: GatewayDeps): FastifyInstance {
  const release = settings.releaseId ?? DEV_RELEASE
  const app = Fastify({
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    requestIdHeader: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: answerMalformedHttp(release),
    frameworkErrors: (_error, request, reply) => {
      reply.headers(responseHeaders(context, request.id))
      sendProblem(reply, problems.unknownUrl(request.method, request.url))
    },
  })
  const context: GatewayContext = { settings, release, requestLog, running, logger: app.log }
  // Bodies are read by the exchange, as bytes.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(responseHeaders(context, request.id))
    done()
  })
  answerProblems(app)

  const providers = createProviders(settings)
  const routing = compileRouting(settings.modelMappings, new Set(providers.keys()))
  const authenticate = createAuthenticator(settings.apiKeys)
  healthRoutes(app, context)
  modelRoutes(app, context, { routing, authenticate })
  chatCompletionRoutes(app, context, { routing, authenticate, providers })
  app.addHook('onClose', async () => {
    await Promise.all([...providers.values()].map((provider) => provider.close?.()))
  })
  return app
}
