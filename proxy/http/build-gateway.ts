import type { FastifyInstance, FastifyLoggerOptions } from 'fastify'
import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import type { ExchangeServices } from '../exchange/exchange.ts'
import { BodyMemory } from '../exchange/request-body.ts'
import type { RunningExchanges } from '../exchange/running.ts'
import { Ticker } from '../exchange/ticker.ts'
import type { RequestLog } from '../log/writer.ts'
import { GatewayMetrics } from '../metrics/metrics.ts'
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

export interface GatewayDeps {
  requestLog: RequestLog
  running: RunningExchanges
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
  const services: ExchangeServices = {
    ...deps,
    release,
    bodyLog: settings.log,
    bodyMemory: new BodyMemory(),
    metrics,
    logger: app.log,
    commonHeaders,
  }
  const authenticate = createAuthenticator(settings.apiKeys)
  checkHosts(app, callers)
  healthRoutes(app, { release, deployedAt: settings.deployedAt, readiness })
  modelRoutes(app, { live, authenticate: settings.modelsRequireKey ? authenticate : undefined })
  apiRoutes(app, { services, live, authenticate, callers })

  const ticker = new Ticker(running, config.limits)
  app.addHook('onClose', async () => {
    ticker.stop()
    await live.serving.close()
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
