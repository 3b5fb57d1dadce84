import type { AddressInfo } from 'node:net'
import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import type { LoadedConfig } from '../../kit/gateway-config/load.ts'
import { errorMessage, hasErrorCode, UserError } from '../../kit/user-error.ts'
import { RunningExchanges } from '../exchange/running.ts'
import { buildGateway, type Gateway } from '../http/build-gateway.ts'
import { RequestLog } from '../log/writer.ts'
import { serveMetrics } from '../metrics/server.ts'
import type { GatewaySettings } from '../settings.ts'
import { watchText } from './config-watch.ts'
import { drain } from './drain.ts'
import { operatorLog } from './operator-log.ts'
import { localAddress, startupMessage } from './startup-message.ts'

/** Records of what is broken off are made when its connection has closed. */
const LAST_WORDS_MS = 500

/** How long an edge may take to hear that we are going. */
const LINGER_MS = 1_000

/** Tells a worker its number; for this program only. */
export const WORKER_VARIABLE = 'AI_PROXY_WORKER'
/** Tells a worker not to wait for what runs. */
export const STOP_NOW = 'stop now'

export interface RunOptions {
  settings: GatewaySettings
  loaded: LoadedConfig
  /** Number of this process among several, from 1 on; undefined if it is the only one. */
  worker: number | undefined
  onFailure: (error: unknown) => never
}

/** Runs the gateway in this process until a signal ends it. */
export async function runGateway({ settings, loaded, worker, onFailure }: RunOptions): Promise<void> {
  const isRelease = settings.releaseId !== undefined
  const running = new RunningExchanges()
  const requestLog = new RequestLog({
    dir: settings.log.dir,
    suffix: `${isRelease ? `.${settings.releaseId}` : ''}${worker === undefined ? '' : `.w${worker}`}`,
    onProblem: (problem) => gateway.app.log.error(problem),
  })
  const logger = operatorLog(settings.logLevel, { isRelease, stdout: process.stdout, stderr: process.stderr })
  const gateway = buildGateway(settings, loaded.config, { requestLog, running, logger })
  const { app, metrics } = gateway
  // The library behind it takes memory, so it is not there until somebody asks.
  let page: Promise<() => Promise<string>> | undefined
  const metricsPage = async () => {
    page ??= import('../metrics/page.ts').then(({ createMetricsPage }) =>
      createMetricsPage({ metrics, running, requestLog }),
    )
    return await page
  }

  const isAlone = worker === undefined
  // The primary asks each worker by messages, as soon as it listens.
  if (!isAlone) await metricsPage()
  await listen(app, settings)
  if (!isRelease) watchConfig(gateway, loaded.configPath)
  const warn = (message: string) => app.log.warn(message)
  const render = async () => (await metricsPage())()
  const metricsServer = isAlone ? await serveMetrics(settings.metrics, render, warn) : undefined
  if (!isRelease && isAlone) {
    const { port } = app.server.address() as AddressInfo
    const address = localAddress(settings.host, port)
    process.stderr.write(startupMessage(settings, address, requestLog.path, loaded))
  }

  let stopping = false
  const stop = (lingerMs: number) => {
    if (stopping) return
    stopping = true
    void drain(app, running, { lingerMs, timeoutMs: settings.drainTimeoutMs })
      .then(() => requestLog.close())
      .then(() => metricsServer?.close())
      .then(() => process.exit(0), onFailure)
  }
  const stopNow = () => {
    running.cutAll()
    void running
      .idle(LAST_WORDS_MS)
      .then(() => requestLog.close())
      .finally(() => process.exit(130))
  }
  process.on('SIGTERM', () => stop(LINGER_MS))
  process.on('message', (message) => {
    if (message === STOP_NOW) stopNow()
  })
  // A bug of ours: nothing is certain any more but what the log already has.
  process.on('uncaughtException', (error) => {
    app.log.fatal({ err: error }, 'the gateway failed')
    void requestLog.close().finally(() => process.exit(1))
  })
  // Whoever presses Ctrl-C is sitting here; a second time means now.
  process.on('SIGINT', () => {
    if (!isAlone) return
    if (stopping) {
      stopNow()
      return
    }
    if (running.size > 0) process.stderr.write(`\n${running.size} running; Ctrl-C again ends them.\n`)
    stop(0)
  })
}

/** A changed config.yml counts at once; a wrong one is told, and the one before goes on counting. */
function watchConfig({ app, reconfigure, reportConfigProblem }: Gateway, path: string): void {
  watchText(path, (text) => {
    try {
      reconfigure(parseConfigFile(text, path))
      reportConfigProblem(null)
      app.log.info({ path }, 'the configuration was read again')
    } catch (error) {
      const problem = errorMessage(error)
      reportConfigProblem(problem)
      app.log.error({ error: problem }, 'the changed configuration is not used')
    }
  })
}

async function listen(app: Gateway['app'], { host, port }: GatewaySettings): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE')) {
      throw new UserError('PORT_IN_USE', `port ${port} of ${host} is in use`, {
        hint: `end what listens there, or choose another port: PORT=${port + 1} npm start`,
        cause: error,
      })
    }
    throw new UserError('CANNOT_LISTEN', `cannot listen on ${host}:${port}: ${errorMessage(error)}`, {
      hint: 'correct HOST and PORT',
      cause: error,
    })
  }
}
