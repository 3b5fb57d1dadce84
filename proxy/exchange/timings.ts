/** When what happened to a request, and what the log says of it; all on performance.now's clock. */
export class Timings {
  readonly #receivedAt = performance.now()
  #completeAt: number | undefined
  #dispatchedAt: number | undefined
  #upstreamByteAt: number | undefined
  #firstByteOutAt: number | undefined

  /** The whole request is here. */
  complete(): void {
    this.#completeAt = performance.now()
  }

  /** It goes upstream, for the first time. */
  dispatched(): void {
    this.#dispatchedAt ??= performance.now()
  }

  /** The answer that counts has begun upstream. */
  upstreamByte(): void {
    this.#upstreamByteAt ??= performance.now()
  }

  /** That answer does not count. */
  forgetUpstream(): void {
    this.#upstreamByteAt = undefined
  }

  firstByteOut(atMs: number): void {
    this.#firstByteOutAt ??= atMs
  }

  get hasBegun(): boolean {
    return this.#firstByteOutAt !== undefined
  }

  get latencyMs(): number {
    return roundUs(performance.now() - this.#receivedAt)
  }

  /** Null if nothing went out. */
  get firstByteMs(): number | null {
    return elapsedMs(this.#completeAt, this.#firstByteOutAt)
  }

  /** What the gateway itself took before and after the upstream; null without an upstream answer. */
  get overheadMs(): number | null {
    const before = elapsedMs(this.#completeAt, this.#dispatchedAt)
    const after = elapsedMs(this.#upstreamByteAt, this.#firstByteOutAt)
    return before === null || after === null ? null : roundUs(before + after)
  }
}

function elapsedMs(from: number | undefined, to: number | undefined): number | null {
  return from === undefined || to === undefined ? null : roundUs(to - from)
}

function roundUs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
