/** When the steps of a request happened, and the durations that the log holds; all on the clock of performance.now. */
export class Timings {
  readonly #receivedAt = performance.now()
  #completeAt: number | undefined
  #dispatchedAt: number | undefined
  #upstreamByteAt: number | undefined
  #firstByteOutAt: number | undefined
  #endedAt: number | undefined
  #retries = 0

  /** The whole request has arrived. */
  complete(): void {
    this.#completeAt = performance.now()
  }

  /** The request goes to a provider; only the first time is kept. */
  dispatched(): void {
    this.#dispatchedAt ??= performance.now()
  }

  /** The provider's answer has begun. */
  upstreamByte(): void {
    this.#upstreamByteAt ??= performance.now()
  }

  /** That answer is not used. */
  forgetUpstream(): void {
    this.#upstreamByteAt = undefined
  }

  /** Another attempt begins. */
  retried(): void {
    this.forgetUpstream()
    this.#retries++
  }

  firstByteOut(atMs: number): void {
    this.#firstByteOutAt ??= atMs
  }

  /** The request is over. */
  ended(): void {
    this.#endedAt = performance.now()
  }

  /** How long the whole request has been here. */
  waitedMs(nowMs: number): number {
    return this.#completeAt === undefined ? 0 : nowMs - this.#completeAt
  }

  get hasBegun(): boolean {
    return this.#firstByteOutAt !== undefined
  }

  /** From the arrival to {@link ended}. */
  get latencyMs(): number {
    return elapsedMs(this.#receivedAt, this.#endedAt) ?? 0
  }

  /** Null if no byte was sent. */
  get firstByteMs(): number | null {
    return elapsedMs(this.#completeAt, this.#firstByteOutAt)
  }

  /** From the end of the request's body to the first dispatch; null if it never went to a provider. */
  get dispatchedMs(): number | null {
    return elapsedMs(this.#completeAt, this.#dispatchedAt)
  }

  get retries(): number {
    return this.#retries
  }

  /** The gateway's own time before and after the provider's; null without an answer of a provider. */
  get overheadMs(): number | null {
    const before = this.dispatchedMs
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
