import type { AddressInfo } from 'node:net'
import { loadGatewayConfig } from '../kit/gateway-config/load.ts'
import { errorMessage, hasErrorCode, UserError } from '../kit/user-error.ts'
import { buildApp } from './app.ts'
import { drain } from './drain.ts'
import { RequestLog } from './log/writer.ts'
import { operatorLog } from './operator-log.ts'
import { RunningExchanges } from './running.ts'
import { type GatewaySettings, gatewaySettings } from './settings.ts'
import { localAddress, startupMessage } from './startup-message.ts'

/** How long an edge may take to hear that we are going. */
const LINGER_MS = 1_000

async function main(): Promise<void> {
  const cwd = process.cwd()
  const dotenv = !process.argv.includes('--no-dotenv')
  const loaded = loadGatewayConfig({ cwd, env: process.env, dotenv })
  const settings = gatewaySettings(loaded, cwd)
  const isRelease = settings.releaseId !== undefined

  const running = new RunningExchanges()
  const requestLog = new RequestLog({
    dir: settings.log.dir,
    suffix: isRelease ? `.${settings.releaseId}` : '',
    onProblem: (problem) => app.log.error(problem),
  })
  const logger = operatorLog(settings.logLevel, { isRelease, stdout: process.stdout, stderr: process.stderr })
  const app = buildApp(settings, { requestLog, running, logger })

  await listen(app, settings)
  const { port } = app.server.address() as AddressInfo
  const address = localAddress(settings.host, port)
  if (!isRelease) process.stderr.write(startupMessage(settings, address, requestLog.path, loaded.configPath))

  let stopping = false
  const stop = (lingerMs: number) => {
    if (stopping) return
    stopping = true
    void drain(app, running, { lingerMs, timeoutMs: settings.drainTimeoutMs })
      .then(() => requestLog.close())
      .then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', () => stop(LINGER_MS))
  // Whoever presses Ctrl-C is sitting here; a second time means now.
  process.on('SIGINT', () => {
    if (stopping) process.exit(130)
    if (running.size > 0) process.stderr.write(`\n${running.size} running; Ctrl-C again ends them.\n`)
    stop(0)
  })
}

async function listen(app: ReturnType<typeof buildApp>, { host, port }: GatewaySettings): Promise<void> {
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

function fail(error: unknown): never {
  if (error instanceof UserError) {
    process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`)
    process.exit(error.exitCode)
  }
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}

main().catch(fail)
