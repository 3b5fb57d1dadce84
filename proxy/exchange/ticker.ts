import type { LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import type { RunningExchanges } from './running.ts'

const MAX_TICK_MS = 2_000

/** Makes running exchanges check their timeouts, often enough for the shortest of them. */
export class Ticker {
  readonly #running: RunningExchanges
  #timer: NodeJS.Timeout | undefined

  constructor(running: RunningExchanges, limits: LimitsConfig) {
    this.#running = running
    this.start(limits)
  }

  /** Starts, or starts again with other limits. */
  start(limits: LimitsConfig): void {
    const { keepaliveMs, firstByteTimeoutMs, idleTimeoutMs, slowReaderTimeoutMs, firstPingMs } = limits
    const timeoutsMs = [keepaliveMs, firstByteTimeoutMs, idleTimeoutMs, slowReaderTimeoutMs, firstPingMs ?? MAX_TICK_MS]
    const shortestMs = Math.min(MAX_TICK_MS, ...timeoutsMs)
    this.stop()
    this.#timer = setInterval(() => this.#running.tickAll(), shortestMs / 2).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
