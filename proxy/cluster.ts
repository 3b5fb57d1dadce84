import cluster, { type Worker } from 'node:cluster'
import { join } from 'node:path'
import { AggregatorRegistry } from 'prom-client'
import type { LoadedConfig } from '../kit/gateway-config/load.ts'
import { serveMetrics } from './metrics-server.ts'
import { WORKER_VARIABLE } from './run.ts'
import type { GatewaySettings } from './settings.ts'
import { localAddress, startupMessage } from './startup-message.ts'

const RESTART_AFTER_MS = 1_000

export interface PrimaryOptions {
  settings: GatewaySettings
  loaded: LoadedConfig
}

/**
 * Runs `settings.workers` processes that share the port, and gathers their metrics. One that dies is started again; one
 * that cannot start ends all with its exit code, since the others would fail alike.
 */
export async function runWorkers({ settings, loaded }: PrimaryOptions): Promise<void> {
  const say = (message: string) => void process.stderr.write(`${message}\n`)
  let stopping = false
  let listening = 0

  const start = (number: number) => {
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(number) })
    let started = false
    worker.on('listening', ({ port }) => {
      if (started) return
      started = true
      listening++
      if (listening === settings.workers && settings.releaseId === undefined) {
        const address = localAddress(settings.host, port)
        process.stderr.write(startupMessage(settings, address, join(settings.log.dir, '*.jsonl'), loaded.configPath))
      }
    })
    worker.on('exit', (code, signal) => {
      if (stopping) {
        if (workersLeft() === 0) process.exit(0)
      } else if (!started) {
        process.exit(code || 1)
      } else {
        say(`worker ${number} ended (${signal ?? code}) and is started again`)
        setTimeout(() => stopping || start(number), RESTART_AFTER_MS)
      }
    })
  }

  const stop = () => {
    if (stopping) process.exit(130)
    stopping = true
    if (workersLeft() === 0) process.exit(0)
    for (const worker of workers()) worker.process.kill('SIGTERM')
  }
  process.on('SIGTERM', () => stopping || stop())
  // A terminal sends it to the workers too, which leave it to us.
  process.on('SIGINT', stop)

  const registry = new AggregatorRegistry()
  await serveMetrics(settings.metrics, () => registry.clusterMetrics(), say)
  for (let number = 1; number <= settings.workers; number++) start(number)
}

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

function workersLeft(): number {
  return workers().filter((worker) => !worker.isDead()).length
}
