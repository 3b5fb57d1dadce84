import { LatencySketch } from './latency-sketch.ts'
import type { RequestFigures } from './request-figures.ts'

/**
 * Figures of a group of requests.
 * @example
 * const errorRate = ({ errors, requests }: TallyFigures) => errors / requests
 */
export interface TallyFigures {
  requests: number
  /** Requests with an HTTP status of 400 or more, and answers that failed after they had begun. */
  errors: number
  /** Answers that the client or the provider ended before they were complete; they are not errors. */
  cut: number
  /** Sums, in which a request that does not say how many counts as 0. */
  tokensIn: number
  tokensOut: number
  /** The part of the input that was read from a cache. */
  tokensCacheRead: number
  /** The parts of the input that were written to a cache for five minutes, and for an hour. */
  tokensCacheWrite5m: number
  tokensCacheWrite1h: number
  /** The part of the output that is reasoning. */
  tokensReasoning: number
  /**
   * Percentiles in milliseconds, null if no request had a latency. Of up to 10,000 requests each is a latency that occurred,
   * if no hour had more than 32; of more it is within 1 %.
   */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null }
}

/** A tally as it is stored. */
export interface StoredTally extends Omit<TallyFigures, 'latencyMs'> {
  latencies: Buffer
}

const FIRST_ERROR_STATUS = 400
const CUT_OUTCOMES = ['client_aborted', 'upstream_truncated']
const ERROR_OUTCOMES = ['upstream_error', 'rejected']

/** How many of requests with this outcome and HTTP status are errors, or were cut. */
export function countedBy(
  outcome: string | null,
  statusCode: number | null,
  requests: number,
): Pick<TallyFigures, 'errors' | 'cut'> {
  if (outcome !== null && CUT_OUTCOMES.includes(outcome)) return { errors: 0, cut: requests }
  const isError = (statusCode ?? 0) >= FIRST_ERROR_STATUS || ERROR_OUTCOMES.includes(outcome ?? '')
  return { errors: isError ? requests : 0, cut: 0 }
}

/** Adds up requests. */
export class Tally {
  #requests = 0
  #errors = 0
  #cut = 0
  #tokensIn = 0
  #tokensOut = 0
  #tokensCacheRead = 0
  #tokensCacheWrite5m = 0
  #tokensCacheWrite1h = 0
  #tokensReasoning = 0
  readonly #latencies = new LatencySketch()

  add(figures: RequestFigures): void {
    const [, , , , , , outcome, statusCode, latencyMs, tokensIn, tokensOut] = figures
    const [, , , , , , , , , , , cacheRead, cacheWrite5m, cacheWrite1h, reasoning] = figures
    const { errors, cut } = countedBy(outcome, statusCode, 1)
    this.#requests++
    this.#errors += errors
    this.#cut += cut
    this.#tokensIn += tokensIn ?? 0
    this.#tokensOut += tokensOut ?? 0
    this.#tokensCacheRead += cacheRead ?? 0
    this.#tokensCacheWrite5m += cacheWrite5m ?? 0
    this.#tokensCacheWrite1h += cacheWrite1h ?? 0
    this.#tokensReasoning += reasoning ?? 0
    if (latencyMs !== null) this.#latencies.add(latencyMs)
  }

  merge({ requests, errors, cut, tokensIn, tokensOut, latencies, ...parts }: StoredTally): void {
    this.#requests += requests
    this.#errors += errors
    this.#cut += cut
    this.#tokensIn += tokensIn
    this.#tokensOut += tokensOut
    this.#tokensCacheRead += parts.tokensCacheRead
    this.#tokensCacheWrite5m += parts.tokensCacheWrite5m
    this.#tokensCacheWrite1h += parts.tokensCacheWrite1h
    this.#tokensReasoning += parts.tokensReasoning
    this.#latencies.merge(latencies)
  }

  stored(): StoredTally {
    return {
      requests: this.#requests,
      errors: this.#errors,
      cut: this.#cut,
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
      tokensCacheRead: this.#tokensCacheRead,
      tokensCacheWrite5m: this.#tokensCacheWrite5m,
      tokensCacheWrite1h: this.#tokensCacheWrite1h,
      tokensReasoning: this.#tokensReasoning,
      latencies: this.#latencies.store(),
    }
  }

  figures(): TallyFigures {
    const { latencies: _, ...counts } = this.stored()
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => this.#latencies.percentile(share))
    return { ...counts, latencyMs: { p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null } }
  }
}
