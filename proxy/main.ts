import cluster from 'node:cluster'
import { processTerminal } from '../kit/cli/process-terminal.ts'
import { renderError } from '../kit/cli/render-error.ts'
import { errColors } from '../kit/cli/terminal.ts'
import { loadGatewayConfig } from '../kit/gateway-config/load.ts'
import { errorMessage, UserError } from '../kit/user-error.ts'
import { gatewayError } from './errors.ts'
import { WORKER_VARIABLE } from './process/worker-protocol.ts'
import { gatewaySettings } from './settings.ts'

async function main(): Promise<void> {
  const cwd = process.cwd()
  const dotenv = !process.argv.includes('--no-dotenv')
  const loaded = loadGatewayConfig({ cwd, env: process.env, dotenv })
  const settings = gatewaySettings(loaded.environment, cwd)
  // Each of the two loads libraries that the other does not need.
  if (settings.workers > 1 && cluster.isPrimary) {
    const { runWorkers } = await import('./process/run-workers.ts')
    return await runWorkers({ settings, loaded })
  }
  const { runGateway } = await import('./process/run-gateway.ts')
  const worker = cluster.isWorker ? Number(process.env[WORKER_VARIABLE]) : undefined
  return await runGateway({ settings, loaded, worker, onFailure: fail })
}

function fail(error: unknown): never {
  const shown = error instanceof UserError ? error : bug(error)
  process.stderr.write(renderError(shown, errColors(processTerminal(process))))
  process.exit(shown.exitCode)
}

function bug(error: unknown): UserError {
  const stack = error instanceof Error ? error.stack : undefined
  return gatewayError('BUG', `this is a bug of the gateway: ${stack ?? errorMessage(error)}`, 'please report it', error)
}

main().catch(fail)
