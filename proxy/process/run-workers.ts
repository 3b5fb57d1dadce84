import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { join } from 'node:path'
import type { AggregatorRegistry, RegistryContentType } from 'prom-client'
import type { LoadedConfig } from '../../kit/gateway-config/load.ts'
import { serveMetrics } from '../metrics/server.ts'
import type { GatewaySettings } from '../settings.ts'
import { localAddress, startupMessage } from './startup-message.ts'
import { EXIT_INTERRUPTED, STOP_NOW, WORKER_VARIABLE } from './worker-protocol.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
const WORKER_MISSING = 'a worker is starting; ask again in a moment'

export interface PrimaryOptions {
  settings: GatewaySettings
  loaded: LoadedConfig
}

/**
 * Runs `settings.workers` processes that share the port, and sums their metrics. A worker that dies is started again,
 * after growing pauses if it cannot start; if none ever could, the exit code is that of the first that failed.
 */
export async function runWorkers({ settings, loaded }: PrimaryOptions): Promise<void> {
  const pool = new WorkerPool(settings.workers, (port) => {
    if (settings.releaseId !== undefined) return
    const address = localAddress(settings.host, port)
    process.stderr.write(startupMessage(settings, address, join(settings.log.dir, '*.jsonl'), loaded))
  })
  process.on('SIGTERM', () => pool.stop())
  process.on('SIGINT', () => pool.interrupt())
  const registry = lazyRegistry()
  const render = async () => {
    if (!pool.isComplete) throw new Error(WORKER_MISSING)
    return await unlessWorkerEnds(registry().then((loaded) => loaded.clusterMetrics()))
  }
  await serveMetrics(settings.metrics, render, say)
  pool.start()
}

/** The library that sums metrics needs 2 MB, so it is loaded when they are first requested. */
function lazyRegistry(): () => Promise<AggregatorRegistry<RegistryContentType>> {
  let registry: Promise<AggregatorRegistry<RegistryContentType>> | undefined
  return async () => {
    registry ??= import('prom-client').then((library) => new library.AggregatorRegistry())
    return await registry
  }
}

/** The workers of this process, by number from 1 on; the process ends when the last one has ended. */
class WorkerPool {
  readonly #size: number
  readonly #onAllListening: (port: number) => void
  /** Numbers of workers that have listened at least once. */
  readonly #known = new Set<number>()
  /** Workers that answer requests now, and questions for their metrics. */
  readonly #ready = new Set<Worker>()
  /** Set once the process is to end. */
  #exitCode: number | undefined

  /** @param onAllListening called once, when all workers have listened */
  constructor(size: number, onAllListening: (port: number) => void) {
    this.#size = size
    this.#onAllListening = onAllListening
  }

  start(): void {
    for (let number = 1; number <= this.#size; number++) this.#fork(number, FIRST_PAUSE_MS)
  }

  /** True if every worker answers. */
  get isComplete(): boolean {
    return this.#ready.size > 0 && workers().every((worker) => this.#ready.has(worker))
  }

  /** Lets running answers end. */
  stop(): void {
    if (this.#exitCode === undefined) this.#end(0, 'SIGTERM')
  }

  /** A second Ctrl-C ends running answers. A terminal sends it to the workers too, which ignore it. */
  interrupt(): void {
    if (this.#exitCode === undefined) {
      this.stop()
      return
    }
    this.#exitCode = EXIT_INTERRUPTED
    for (const worker of workers()) worker.send(STOP_NOW)
  }

  #fork(number: number, pauseMs: number): void {
    if (this.#exitCode !== undefined) return
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(number) })
    worker.on('listening', ({ port }) => this.#onListening(worker, number, port))
    // A message to a worker that is just ending fails; its exit is handled below.
    worker.on('error', (error) => say(`worker ${number}: ${error.message}`))
    worker.on('exit', (code, signal) => this.#onExit(worker, number, pauseMs, signal ?? code))
  }

  #onListening(worker: Worker, number: number, port: number): void {
    this.#ready.add(worker)
    if (this.#known.has(number)) return
    this.#known.add(number)
    if (this.#known.size === this.#size) this.#onAllListening(port)
  }

  /** @param reason exit code, or the signal that ended the worker */
  #onExit(worker: Worker, number: number, pauseMs: number, reason: number | string): void {
    const wasReady = this.#ready.delete(worker)
    if (this.#exitCode !== undefined) {
      if (workersLeft() === 0) process.exit(this.#exitCode)
    } else if (this.#known.size === 0) {
      // The others would fail in the same way.
      this.#end((typeof reason === 'number' && reason) || 1, 'SIGKILL')
    } else {
      const nextPauseMs = wasReady ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
      const event = wasReady ? 'ended' : 'could not start'
      say(`worker ${number} ${event} (${reason}) and is started again in ${nextPauseMs / 1000} s`)
      setTimeout(() => this.#fork(number, nextPauseMs), nextPauseMs)
    }
  }

  #end(code: number, signal: NodeJS.Signals): void {
    this.#exitCode = code
    if (workersLeft() === 0) process.exit(code)
    for (const worker of workers()) worker.process.kill(signal)
  }
}

function say(message: string): void {
  process.stderr.write(`${message}\n`)
}

/** Does not wait for the metrics of a worker that has ended. */
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
