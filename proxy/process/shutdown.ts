import type { Server } from 'node:http'
import type { RunningExchanges } from '../exchange/running.ts'
import type { Gateway } from '../http/build-gateway.ts'
import type { RequestLog } from '../log/writer.ts'
import { drain } from './drain.ts'
import { EXIT_INTERRUPTED, STOP_NOW } from './worker-protocol.ts'

export interface ShutdownOptions {
  gateway: Gateway
  running: RunningExchanges
  requestLog: RequestLog
  spans: { close: () => Promise<void> } | undefined
  metricsServer: Server | undefined
  drainTimeoutMs: number
  /** False for a worker: then the primary process decides what Ctrl-C does. */
  isAlone: boolean
  onFailure: (error: unknown) => never
}

/** How long the records of answers that are cut off may take: each is made when its connection has closed. */
const FINAL_RECORDS_MS = 500

/** How long a load balancer may take to notice that this process is not ready any more. */
const LINGER_MS = 1_000

/** Ends this process on signals, and on an error that nothing caught. */
export function stopOnSignals(options: ShutdownOptions): void {
  const shutdown = new Shutdown(options)
  const { gateway, requestLog, isAlone } = options
  process.on('SIGTERM', () => shutdown.stop(LINGER_MS))
  process.on('message', (message) => {
    if (message === STOP_NOW) shutdown.stopNow()
  })
  if (isAlone) process.on('SIGINT', () => shutdown.interrupt())
  // A terminal sends Ctrl-C to workers too; the primary process decides.
  else process.on('SIGINT', () => {})
  // A bug of the gateway: nothing can be trusted any more except what the log already has.
  process.on('uncaughtException', (error) => {
    gateway.app.log.fatal({ err: error }, 'the gateway failed')
    void requestLog.close().finally(() => process.exit(1))
  })
}

class Shutdown {
  readonly #options: ShutdownOptions
  #isStopping = false

  constructor(options: ShutdownOptions) {
    this.#options = options
  }

  /** Lets running answers end. */
  stop(lingerMs: number): void {
    if (this.#isStopping) return
    this.#isStopping = true
    const { gateway, running, requestLog, spans, metricsServer, drainTimeoutMs, onFailure } = this.#options
    void drain(gateway, running, { lingerMs, timeoutMs: drainTimeoutMs })
      .then(() => Promise.all([requestLog.close(), spans?.close()]))
      .then(() => metricsServer?.close())
      .then(() => process.exit(0), onFailure)
  }

  /** Cuts off running answers. */
  stopNow(): void {
    const { running, requestLog } = this.#options
    running.cutAll()
    void running
      .idle(FINAL_RECORDS_MS)
      .then(() => requestLog.close())
      .finally(() => process.exit(EXIT_INTERRUPTED))
  }

  /** Ctrl-C is pressed in a local run, where no load balancer needs time to notice. A second Ctrl-C stops at once. */
  interrupt(): void {
    if (this.#isStopping) {
      this.stopNow()
      return
    }
    const { size } = this.#options.running
    if (size > 0) process.stderr.write(`\n${size} running; Ctrl-C again ends them.\n`)
    this.stop(0)
  }
}
