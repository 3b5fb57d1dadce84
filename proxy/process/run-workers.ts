import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { join } from 'node:path'
import { AggregatorRegistry } from 'prom-client'
import type { LoadedConfig } from '../../kit/gateway-config/load.ts'
import { serveMetrics } from '../metrics/server.ts'
import type { GatewaySettings } from '../settings.ts'
import { STOP_NOW, WORKER_VARIABLE } from './run-gateway.ts'
import { localAddress, startupMessage } from './startup-message.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
const WORKER_MISSING = 'a worker is starting; ask again in a moment'

export interface PrimaryOptions {
  settings: GatewaySettings
  loaded: LoadedConfig
}

/**
 * Runs `settings.workers` processes that share the port, and gathers their metrics. One that dies is started again,
 * after growing pauses if it cannot start; if none ever could, the exit code is that of the first that failed.
 */
export async function runWorkers({ settings, loaded }: PrimaryOptions): Promise<void> {
  const say = (message: string) => void process.stderr.write(`${message}\n`)
  /** Numbers of those that have listened at least once. */
  const known = new Set<number>()
  /** Those that answer requests, and questions for their metrics, now. */
  const ready = new Set<Worker>()
  let exitCode: number | undefined

  /** The process ends when the last worker has. */
  const end = (code: number, signal: NodeJS.Signals) => {
    exitCode = code
    if (workersLeft() === 0) process.exit(code)
    for (const worker of workers()) worker.process.kill(signal)
  }

  const start = (number: number, pauseMs = FIRST_PAUSE_MS) => {
    if (exitCode !== undefined) return
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(number) })
    worker.on('listening', ({ port }) => {
      ready.add(worker)
      if (known.has(number)) return
      known.add(number)
      if (known.size === settings.workers && settings.releaseId === undefined) {
        const address = localAddress(settings.host, port)
        process.stderr.write(startupMessage(settings, address, join(settings.log.dir, '*.jsonl'), loaded))
      }
    })
    // A message to one that is just ending fails; it is its end that counts.
    worker.on('error', (error) => say(`worker ${number}: ${error.message}`))
    worker.on('exit', (code, signal) => {
      const started = ready.delete(worker)
      if (exitCode !== undefined) {
        if (workersLeft() === 0) process.exit(exitCode)
      } else if (known.size === 0) {
        // The others would fail alike.
        end(code || 1, 'SIGKILL')
      } else {
        const nextPauseMs = started ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
        const event = started ? 'ended' : 'could not start'
        say(`worker ${number} ${event} (${signal ?? code}) and is started again in ${nextPauseMs / 1000} s`)
        setTimeout(start, nextPauseMs, number, nextPauseMs)
      }
    })
  }

  process.on('SIGTERM', () => exitCode ?? end(0, 'SIGTERM'))
  // A terminal sends it to the workers too, which leave it to us.
  process.on('SIGINT', () => {
    if (exitCode === undefined) return end(0, 'SIGTERM')
    exitCode = 130
    for (const worker of workers()) worker.send(STOP_NOW)
  })

  const registry = new AggregatorRegistry()
  const render = async () => {
    if (ready.size === 0 || workers().some((worker) => !ready.has(worker))) throw new Error(WORKER_MISSING)
    return await unlessWorkerEnds(registry.clusterMetrics())
  }
  await serveMetrics(settings.metrics, render, say)
  for (let number = 1; number <= settings.workers; number++) start(number)
}

/** Nobody waits for the answer of a worker that has gone. */
async function unlessWorkerEnds<T>(gathered: Promise<T>): Promise<T> {
  const answered = new AbortController()
  const ended = once(cluster, 'exit', { signal: answered.signal }).then(() => {
    throw new Error(WORKER_MISSING)
  })
  return await Promise.race([gathered, ended]).finally(() => answered.abort())
}

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

function workersLeft(): number {
  return workers().filter((worker) => !worker.isDead()).length
}
