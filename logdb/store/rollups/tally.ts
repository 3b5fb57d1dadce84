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
  latencyMs: Percentiles
  /** The same of the time to the first byte of the answer. */
  ttfbMs: Percentiles
  /** The sum of what providers say that requests cost, in their currency; null if none says so. */
  cost: number | null
  /** How many requests have a cost. */
  requestsWithCost: number
  /** Requests in partitions of an earlier version: their costs and first bytes are not counted. */
  notCounted: number
}

/**
 * Milliseconds, null if there are none.
 * @example
 * const spread = ({ p50, p99 }: Percentiles) => (p99 ?? 0) - (p50 ?? 0)
 */
export interface Percentiles {
  p50: number | null
  p95: number | null
  p99: number | null
}

type Counts = Omit<TallyFigures, 'latencyMs' | 'ttfbMs' | 'cost' | 'requestsWithCost' | 'notCounted'>

/** A tally as it is stored. */
export interface StoredTally extends Counts {
  latencies: Buffer
  /** The costs, in a billionth, and how many requests have one; like the next one null where they are not counted. */
  costNano: number | null
  costs: number | null
  /** Times to the first byte. */
  firstBytes: Buffer | null
}

const NANO = 1e9

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
  #costNano = 0
  #costs = 0
  #notCounted = 0
  readonly #latencies = new LatencySketch()
  readonly #firstBytes = new LatencySketch()

  add(figures: RequestFigures): void {
    const [, , , , , , outcome, statusCode, latencyMs, tokensIn, tokensOut] = figures
    const [, , , , , , , , , , , cacheRead, cacheWrite5m, cacheWrite1h, reasoning, ttfbMs, cost] = figures
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
    if (ttfbMs !== null) this.#firstBytes.add(ttfbMs)
    if (cost === null) return
    this.#costs++
    this.#costNano += Math.round(cost * NANO)
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
    this.#costNano += parts.costNano ?? 0
    this.#costs += parts.costs ?? 0
    if (parts.firstBytes) this.#firstBytes.merge(parts.firstBytes)
    else this.#notCounted += requests
  }

  stored(): StoredTally {
    return {
      ...this.#counts(),
      latencies: this.#latencies.store(),
      costNano: this.#costNano,
      costs: this.#costs,
      firstBytes: this.#firstBytes.store(),
    }
  }

  figures(): TallyFigures {
    return {
      ...this.#counts(),
      latencyMs: percentilesOf(this.#latencies),
      ttfbMs: percentilesOf(this.#firstBytes),
      cost: this.#costs === 0 ? null : this.#costNano / NANO,
      requestsWithCost: this.#costs,
      notCounted: this.#notCounted,
    }
  }

  #counts(): Counts {
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
    }
  }
}

function percentilesOf(sketch: LatencySketch): Percentiles {
  return { p50: sketch.percentile(0.5), p95: sketch.percentile(0.95), p99: sketch.percentile(0.99) }
}
