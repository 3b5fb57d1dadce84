import cluster from 'node:cluster'
import { loadGatewayConfig } from '../kit/gateway-config/load.ts'
import { UserError } from '../kit/user-error.ts'
import { runGateway, WORKER_VARIABLE } from './process/run-gateway.ts'
import { gatewaySettings } from './settings.ts'

async function main(): Promise<void> {
  const cwd = process.cwd()
  const dotenv = !process.argv.includes('--no-dotenv')
  const loaded = loadGatewayConfig({ cwd, env: process.env, dotenv })
  const settings = gatewaySettings(loaded.environment, cwd)
  if (settings.workers > 1 && cluster.isPrimary) {
    // With it comes the library of metrics, which a single process loads only when asked.
    const { runWorkers } = await import('./process/run-workers.ts')
    return await runWorkers({ settings, loaded })
  }
  const worker = cluster.isWorker ? Number(process.env[WORKER_VARIABLE]) : undefined
  return await runGateway({ settings, loaded, worker, onFailure: fail })
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
