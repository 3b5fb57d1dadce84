/** Something that is being answered. */
export interface Running {
  /** Set by {@link RunningExchanges} only. */
  place: number
  /** Ends it now, and reports the reason to the client if that is still possible. */
  cut: () => void
  /** Checks its timeouts; `nowMs` is the time of performance.now. */
  tick: (nowMs: number) => void
}

/** All that is being answered at this moment. */
export class RunningExchanges {
  /** Not a Set: with much coming and going a Set is copied often, and its dead copies keep their entries in memory. */
  readonly #running: Running[] = []
  #onIdle: (() => void) | undefined

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

  /** Resolves when nothing is running any more, or after `timeoutMs`. */
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
