import { join } from 'node:path'
import type { FastifyInstance, FastifyLoggerOptions } from 'fastify'
import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import { BodyMemory } from '../exchange/body/request-body.ts'
import type { SpanReceiver } from '../exchange/ports.ts'
import type { RunningExchanges } from '../exchange/running.ts'
import { Ticker } from '../exchange/ticker.ts'
import type { RequestLog } from '../log/writer.ts'
import { GatewayMetrics } from '../metrics/metrics.ts'
import { ObjectFile } from '../objects/object-file.ts'
import { LiveConfig } from '../routing/live-config.ts'
import type { GatewaySettings } from '../settings.ts'
import { createApp } from './app.ts'
import { createAuthenticator } from './auth.ts'
import { Callers } from './callers.ts'
import { checkHosts } from './check-hosts.ts'
import type { Readiness } from './readiness.ts'
import { responseHeaders } from './response-headers.ts'
import { apiRoutes } from './routes/apis.ts'
import { healthRoutes } from './routes/health.ts'
import { modelRoutes } from './routes/models.ts'
import { relayedRoutes } from './routes/relayed.ts'

export interface GatewayDeps {
  requestLog: RequestLog
  running: RunningExchanges
  spans?: SpanReceiver | undefined
  /** The operator's log. */
  logger: FastifyLoggerOptions
}

/** A gateway that can listen, and what its process needs to control it. */
export interface Gateway {
  app: FastifyInstance
  metrics: GatewayMetrics
  readiness: Readiness
  /**
   * Puts another config.yml in force.
   * @throws UserError CONFIG_INVALID if it does not fit the settings; then nothing changes
   */
  reconfigure: (config: GatewayConfig) => void
}

const DEV_RELEASE = 'dev'
/** Next to the logs, which workers and releases share. */
const OBJECTS_FOLDER = 'objects'

/** The gateway, ready to listen. */
export function buildGateway(settings: GatewaySettings, config: GatewayConfig, deps: GatewayDeps): Gateway {
  const { logger, running } = deps
  const release = settings.releaseId ?? DEV_RELEASE
  const callers = new Callers(settings)
  const readiness: Readiness = { isDraining: false, configProblem: null }
  const commonHeaders = responseHeaders({ release, callers, readiness })
  const metrics = new GatewayMetrics()
  const app = createApp({ logger, release, commonHeaders, onProblem: (problem) => metrics.refused(problem) })
  const live = new LiveConfig(settings, config)
  const objects = objectFile(settings, app)
  const services = { ...sharedServices(settings, deps), release, objects, metrics, logger: app.log, commonHeaders }
  const authenticate = createAuthenticator(settings.apiKeys)
  checkHosts(app, callers)
  healthRoutes(app, { release, deployedAt: settings.deployedAt, readiness })
  modelRoutes(app, { live, authenticate, isKeyRequired: settings.modelsRequireKey })
  const routes = { services, live, authenticate, callers, hasSeveralKeys: settings.apiKeys.length > 1 }
  apiRoutes(app, routes)
  relayedRoutes(app, routes)

  const ticker = new Ticker(running, config.limits)
  // Fastify calls this when the last connection has closed, so answers that still run are kept alive until then.
  app.addHook('onClose', async () => {
    ticker.stop()
    await live.serving.close()
    objects.close()
  })
  return {
    app,
    metrics,
    readiness,
    reconfigure: (changed) => {
      const previous = live.replace(changed)
      ticker.start(changed.limits)
      void previous.close().catch((error: unknown) => app.log.error({ err: error }, 'connections were not closed'))
    },
  }
}

function objectFile(settings: GatewaySettings, { log }: FastifyInstance): ObjectFile {
  return new ObjectFile({ dir: join(settings.log.dir, OBJECTS_FOLDER), onProblem: (problem) => log.error(problem) })
}

function sharedServices({ log }: GatewaySettings, { requestLog, running, spans }: GatewayDeps) {
  return { requestLog, running, spans, bodyLog: log, bodyMemory: new BodyMemory() }
}
