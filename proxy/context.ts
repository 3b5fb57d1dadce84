import type { FastifyBaseLogger } from 'fastify'
import type { RequestLog } from './log/writer.ts'
import type { RunningExchanges } from './running.ts'
import type { GatewaySettings } from './settings.ts'

/** What every request needs beside itself. */
export interface GatewayContext {
  settings: GatewaySettings
  /** As shown to clients and in the log: `dev` outside a release. */
  release: string
  requestLog: RequestLog
  running: RunningExchanges
  /** The operator's log: no bodies, no keys. */
  logger: FastifyBaseLogger
}
