/** Something that is being answered. */
export interface Running {
  /** Kept by {@link RunningExchanges}. */
  place: number
  /** Breaks it off with a last word to the client. */
  cut: () => void
  /** Lets it see to its timeouts; `nowMs` is performance.now's. */
  tick: (nowMs: number) => void
}

/** What is being answered right now, and whether the gateway is on its way out. */
export class RunningExchanges {
  /** No Set: as entries come and go it is copied again and again, and dead copies keep what they held from collection. */
  readonly #running: Running[] = []
  #onIdle: (() => void) | undefined
  /** Bytes of all their bodies. */
  bodyBytes = 0
  /** True from the signal to stop on: not ready, and connections are closed after their answer. */
  draining = false

  add(exchange: Running): void {
    exchange.place = this.#running.push(exchange) - 1
  }

  /** The last one takes its place. */
  delete(exchange: Running): void {
    const last = this.#running.pop()
    if (last && last !== exchange) {
      this.#running[exchange.place] = last
      last.place = exchange.place
    }
    if (this.#running.length === 0) this.#onIdle?.()
  }

  get size(): number {
    return this.#running.length
  }

  /** Resolves when nothing runs any more, or with what is still running after this time. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.size === 0) return
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
    for (const exchange of [...this.#running]) exchange.tick(nowMs)
  }

  cutAll(): void {
    for (const exchange of [...this.#running]) exchange.cut()
  }
}
