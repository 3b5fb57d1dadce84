import Fastify, { type FastifyInstance, type FastifyLoggerOptions, type FastifyReply, LogController } from 'fastify'
import type { GatewayConfig, LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import type { GatewayContext } from '../context.ts'
import type { RunningExchanges } from '../exchange/running.ts'
import type { RequestLog } from '../log/writer.ts'
import { GatewayMetrics } from '../metrics/metrics.ts'
import { problems } from '../problems.ts'
import { Limits } from '../routing/limits.ts'
import { Serving } from '../routing/serving.ts'
import type { GatewaySettings } from '../settings.ts'
import { createAuthenticator } from './auth.ts'
import { answerMalformedHttp, answerProblems, newRequestId, sendProblem } from './problem-replies.ts'
import { type HeaderList, responseHeaders } from './response-headers.ts'
import { apiRoutes } from './routes/apis.ts'
import { healthRoutes } from './routes/health.ts'
import { modelRoutes } from './routes/models.ts'

export interface GatewayDeps {
  requestLog: RequestLog
  running: RunningExchanges
  /** The operator's log. */
  logger: FastifyLoggerOptions
}

export interface Gateway {
  app: FastifyInstance
  metrics: GatewayMetrics
  /** Serves by another config.yml from now on. */
  reconfigure: (config: GatewayConfig) => void
  /** Shown in /ready: why the config.yml of now is not the one that counts. Null if it is. */
  reportConfigProblem: (problem: string | null) => void
}

/** Longer than an edge keeps its idle connections (Traefik: 90 s), so that it is never we who close one under its feet. */
const KEEP_ALIVE_MS = 120_000
const RECEIVE_TIMEOUT_MS = 300_000
const DEV_RELEASE = 'dev'
const MAX_TICK_MS = 2_000

function noCompiler(): never {
  throw new Error('a route has a schema, but nothing compiles it')
}

/** Often enough for the shortest of the timeouts. */
function startTicking(running: RunningExchanges, limits: LimitsConfig): NodeJS.Timeout {
  const { keepaliveMs, firstByteTimeoutMs, idleTimeoutMs, slowReaderTimeoutMs } = limits
  const shortestMs = Math.min(MAX_TICK_MS, keepaliveMs, firstByteTimeoutMs, idleTimeoutMs, slowReaderTimeoutMs)
  return setInterval(() => running.tickAll(), shortestMs / 2).unref()
}

function setHeaders(reply: FastifyReply, headers: HeaderList): void {
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] as string, headers[at + 1])
}

/** The gateway, ready to listen. */
export function buildGateway(settings: GatewaySettings, config: GatewayConfig, deps: GatewayDeps): Gateway {
  const { requestLog, running, logger } = deps
  const release = settings.releaseId ?? DEV_RELEASE
  const app = Fastify({
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all requests: a child of its own costs each of them more than routing does.
    childLoggerFactory: (parent) => parent,
    // No route has a schema; without this Fastify loads two compilers for them, 8 MB of memory.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    genReqId: newRequestId,
    requestIdHeader: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: answerMalformedHttp(release),
    frameworkErrors: (_error, request, reply) => {
      setHeaders(reply, responseHeaders(context, request.id))
      sendProblem(reply, problems.unknownUrl(request.method, request.url))
    },
  })
  const metrics = new GatewayMetrics()
  const context: GatewayContext = {
    settings,
    release,
    requestLog,
    running,
    metrics,
    logger: app.log,
    serving: new Serving(settings, config),
    limits: new Limits(config.limits, settings.workers),
    configProblem: null,
  }
  // Bodies are read by the exchange, as bytes.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onSend', (request, reply, _payload, done) => {
    setHeaders(reply, responseHeaders(context, request.id))
    done()
  })
  answerProblems(app)

  const authenticate = createAuthenticator(settings.apiKeys)
  healthRoutes(app, context)
  modelRoutes(app, context, authenticate)
  apiRoutes(app, context, authenticate)
  let ticking = startTicking(running, config.limits)
  app.addHook('onClose', async () => {
    clearInterval(ticking)
    await context.serving.close()
  })
  return {
    app,
    metrics,
    reconfigure: (changed) => {
      const before = context.serving
      context.serving = new Serving(settings, changed)
      context.limits.configure(changed.limits)
      clearInterval(ticking)
      ticking = startTicking(running, changed.limits)
      void before.close().catch((error: unknown) => app.log.error({ err: error }, 'connections were not closed'))
    },
    reportConfigProblem: (problem) => {
      context.configProblem = problem
    },
  }
}
