/**
 * Figures of a group of requests.
 * @example
 * const errorRate = ({ errors, requests }: TallyFigures) => errors / requests
 */
export interface TallyFigures {
  requests: number
  /** Requests with an HTTP status of 400 or more. */
  errors: number
  tokensIn: number
  tokensOut: number
  /** Percentiles in milliseconds, each a latency that occurred; null if no request had one. */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null }
}

const FIRST_ERROR_STATUS = 400
const FIRST_CAPACITY = 64

/** Adds up requests. It keeps every latency (8 bytes each), so that the percentiles are exact. */
export class Tally {
  #requests = 0
  #errors = 0
  #tokensIn = 0
  #tokensOut = 0
  #latenciesMs = new Float64Array(FIRST_CAPACITY)
  #latencyCount = 0

  add(statusCode: number | null, latencyMs: number | null, tokensIn: number | null, tokensOut: number | null): void {
    this.#requests++
    if (statusCode !== null && statusCode >= FIRST_ERROR_STATUS) this.#errors++
    this.#tokensIn += tokensIn ?? 0
    this.#tokensOut += tokensOut ?? 0
    if (latencyMs !== null) this.#addLatency(latencyMs)
  }

  figures(): TallyFigures {
    const sorted = this.#latenciesMs.subarray(0, this.#latencyCount).sort()
    const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
    return {
      requests: this.#requests,
      errors: this.#errors,
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
      latencyMs: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
    }
  }

  #addLatency(latencyMs: number): void {
    if (this.#latencyCount === this.#latenciesMs.length) {
      const larger = new Float64Array(2 * this.#latencyCount)
      larger.set(this.#latenciesMs)
      this.#latenciesMs = larger
    }
    this.#latenciesMs[this.#latencyCount++] = latencyMs
  }
}
