import type { AddressInfo } from 'node:net'
import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import type { LoadedConfig } from '../../kit/gateway-config/load.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { RunningExchanges } from '../exchange/running.ts'
import { buildGateway, type Gateway } from '../http/build-gateway.ts'
import { RequestLog } from '../log/writer.ts'
import type { MetricsSources } from '../metrics/page.ts'
import { serveMetrics } from '../metrics/server.ts'
import type { GatewaySettings } from '../settings.ts'
import { watchText } from './config-watch.ts'
import { listen } from './listen.ts'
import { operatorLog } from './operator-log.ts'
import { stopOnSignals } from './shutdown.ts'
import { localAddress, startupMessage } from './startup-message.ts'

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
  const isAlone = worker === undefined
  const running = new RunningExchanges()
  const requestLog: RequestLog = new RequestLog({
    dir: settings.log.dir,
    suffix: `${isRelease ? `.${settings.releaseId}` : ''}${isAlone ? '' : `.w${worker}`}`,
    onProblem: (problem) => gateway.app.log.error(problem),
  })
  const logger = operatorLog(settings.logLevel, { isRelease, stdout: process.stdout, stderr: process.stderr })
  const spans = await spanExporter(settings, (problem) => gateway.app.log.warn(problem))
  const gateway: Gateway = buildGateway(settings, loaded.config, { requestLog, running, logger, spans })
  const { app, metrics } = gateway

  const metricsPage = lazyMetricsPage({ metrics, running, requestLog, spans })
  // The primary process asks each worker by messages, as soon as the worker listens.
  if (!isAlone) await metricsPage()
  await listen(app, settings)
  if (!isRelease) watchConfig(gateway, loaded.configPath)
  const render = async () => (await metricsPage())()
  const warn = (message: string) => app.log.warn(message)
  const metricsServer = isAlone ? await serveMetrics(settings.metrics, render, warn) : undefined
  if (!isRelease && isAlone) {
    const { port } = app.server.address() as AddressInfo
    const address = localAddress(settings.host, port)
    process.stderr.write(startupMessage(settings, address, requestLog.path, loaded))
  }
  const { drainTimeoutMs } = settings
  stopOnSignals({ gateway, running, requestLog, spans, metricsServer, drainTimeoutMs, isAlone, onFailure })
}

/** Loaded only where traces are wanted. */
async function spanExporter({ traces }: GatewaySettings, onProblem: (problem: string) => void) {
  if (!traces) return undefined
  const { SpanExporter } = await import('../traces/span-exporter.ts')
  return new SpanExporter({ ...traces, onProblem })
}

/** The library behind the page needs much memory, so it is loaded when the page is first requested. */
function lazyMetricsPage(sources: MetricsSources): () => Promise<() => Promise<string>> {
  let page: Promise<() => Promise<string>> | undefined
  return async () => {
    page ??= import('../metrics/page.ts').then(({ createMetricsPage }) => createMetricsPage(sources))
    return await page
  }
}

/** A changed config.yml takes effect immediately; a wrong one is reported, and the previous one stays in force. */
function watchConfig({ app, readiness, reconfigure }: Gateway, path: string): void {
  watchText(path, (text) => {
    try {
      reconfigure(parseConfigFile(text, path))
      readiness.configProblem = null
      app.log.info({ path }, 'the configuration was read again')
    } catch (error) {
      const problem = errorMessage(error)
      readiness.configProblem = problem
      app.log.error({ error: problem }, 'the changed configuration is not used')
    }
  })
}
