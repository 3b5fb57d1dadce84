/** Something that is being answered. */
export interface Running {
  /** Breaks it off with a last word to the client. */
  cut: () => void
  /** Lets it see to its timeouts; `nowMs` is performance.now's. */
  tick: (nowMs: number) => void
}

/** What is being answered right now, and whether the gateway is on its way out. */
export class RunningExchanges {
  readonly #running = new Set<Running>()
  #onIdle: (() => void) | undefined
  /** True from the signal to stop on: not ready, and connections are closed after their answer. */
  draining = false

  add(exchange: Running): void {
    this.#running.add(exchange)
  }

  delete(exchange: Running): void {
    this.#running.delete(exchange)
    if (this.#running.size === 0) this.#onIdle?.()
  }

  get size(): number {
    return this.#running.size
  }

  /** Resolves when nothing runs any more, or with what is still running after this time. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#running.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#onIdle = undefined
  }

  tickAll(): void {
    const nowMs = performance.now()
    for (const exchange of this.#running) exchange.tick(nowMs)
  }

  cutAll(): void {
    for (const exchange of this.#running) exchange.cut()
  }
}
