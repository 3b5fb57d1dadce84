import type { FastifyBaseLogger } from 'fastify'
import type { RunningExchanges } from './exchange/running.ts'
import type { RequestLog } from './log/writer.ts'
import type { GatewayMetrics } from './metrics/metrics.ts'
import type { Limits } from './routing/limits.ts'
import type { Serving } from './routing/serving.ts'
import type { GatewaySettings } from './settings.ts'

/** What every request needs beside itself. */
export interface GatewayContext {
  settings: GatewaySettings
  /** As shown to clients and in the log: `dev` outside a release. */
  release: string
  requestLog: RequestLog
  running: RunningExchanges
  /** Of this moment: an exchange keeps the one it began with. */
  serving: Serving
  /** Why a changed config.yml does not count. */
  configProblem: string | null
  limits: Limits
  metrics: GatewayMetrics
  /** The operator's log: no bodies, no keys. */
  logger: FastifyBaseLogger
}
