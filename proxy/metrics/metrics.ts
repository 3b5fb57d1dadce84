import type { LogRecordFields } from '../../kit/log-record.ts'
import type { ApiProblem } from '../problems.ts'

type Answered = Omit<LogRecordFields, 'truncated'>

/** What another attempt uses that the one before did not use. */
export type RetryKind = 'key' | 'fallback' | 'connection'

/** Counts of the requests that have the same labels. */
export interface RequestSeries {
  labels: Record<'endpoint' | 'provider' | 'model' | 'status' | 'outcome', string>
  requests: number
  inputTokens: number
  outputTokens: number
  /** What is a part of these. */
  tokenParts: Record<TokenPart, number>
}

/** What the tokens of a request are in particular. */
type TokenPart = 'cache_read' | 'cache_write_5m' | 'cache_write_1h' | 'reasoning'

/** Observations that have the same labels. */
export interface DistributionSeries {
  labels: Record<'endpoint' | 'provider', string>
  /** Observations up to each bound; the last entry counts those beyond the last bound. */
  counts: number[]
  sum: number
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5]
const NONE = 'none'

/**
 * The numbers behind the metrics; `page.ts` makes the page of them when it is requested. Labels hold only names of
 * config.yml, so their number is limited.
 */
export class GatewayMetrics {
  readonly requests = new Map<string, RequestSeries>()
  /** By code, or by type if the error has no code. */
  readonly rejected = new Map<string, number>()
  readonly retries: Record<RetryKind, number> = { key: 0, fallback: 0, connection: 0 }
  /** Attempts of conversations: with the key that they always use, or with another one. */
  readonly affinity = { kept: 0, moved: 0 }
  /** Answers in which a key of the gateway was hidden. */
  masked = 0
  readonly duration = new Distribution(SECONDS)
  readonly firstByte = new Distribution(SECONDS)
  readonly overhead = new Distribution(OVERHEAD_SECONDS)
  /** Where the last request was counted, and its status. */
  #last = newSeries({ endpoint: '', provider: '', model: '', status: '', outcome: '' })
  #lastCode = 0

  keyUsed(isFavourite: boolean): void {
    this.affinity[isFavourite ? 'kept' : 'moved']++
  }

  retried(kind: RetryKind): void {
    this.retries[kind]++
  }

  /**
   * Counts a request that has ended.
   * @param mapping the name or pattern of config.yml that led to its provider
   * @param problem the gateway's own error, if that was the answer
   */
  answered(fields: Answered, mapping: string | undefined, problem: ApiProblem | undefined): void {
    const { endpoint } = fields
    const provider = fields.provider ?? NONE
    const series = this.#seriesOf(fields, provider, mapping || NONE)
    series.requests++
    series.inputTokens += fields.tokens_in ?? 0
    series.outputTokens += fields.tokens_out ?? 0
    const { tokenParts } = series
    tokenParts.cache_read += fields.tokens_cache_read ?? 0
    tokenParts.cache_write_5m += fields.tokens_cache_write_5m ?? 0
    tokenParts.cache_write_1h += fields.tokens_cache_write_1h ?? 0
    tokenParts.reasoning += fields.tokens_reasoning ?? 0
    if (problem) this.refused(problem)
    this.duration.observe(endpoint, provider, fields.latency_ms)
    if (fields.ttfb_ms !== null) this.firstByte.observe(endpoint, provider, fields.ttfb_ms)
    if (fields.overhead_ms !== null) this.overhead.observe(endpoint, provider, fields.overhead_ms)
  }

  /** Counts a request that got an error of the gateway's own. */
  refused({ code, type }: ApiProblem): void {
    const name = code ?? type
    this.rejected.set(name, (this.rejected.get(name) ?? 0) + 1)
  }

  /** Most requests have the labels of the one before them: to compare these costs less than to make a key of them. */
  #seriesOf(fields: Answered, provider: string, model: string): RequestSeries {
    const { endpoint, status_code: code, outcome } = fields
    const { labels: last } = this.#last
    const isSame =
      last.endpoint === endpoint &&
      last.provider === provider &&
      last.outcome === outcome &&
      last.model === model &&
      this.#lastCode === code
    if (!isSame) {
      this.#last = this.#findSeries(fields, provider, model)
      this.#lastCode = code
    }
    return this.#last
  }

  #findSeries({ endpoint, status_code: code, outcome }: Answered, provider: string, model: string): RequestSeries {
    const key = `${endpoint} ${provider} ${code} ${outcome} ${model}`
    const known = this.requests.get(key)
    if (known) return known
    const series = newSeries({ endpoint, provider, model, status: String(code), outcome })
    this.requests.set(key, series)
    return series
  }
}

function newSeries(labels: RequestSeries['labels']): RequestSeries {
  const tokenParts = { cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, reasoning: 0 }
  return { labels, requests: 0, inputTokens: 0, outputTokens: 0, tokenParts }
}

/** Durations in seconds, by endpoint and provider. */
export class Distribution {
  readonly bounds: readonly number[]
  readonly series = new Map<string, DistributionSeries>()
  #last: DistributionSeries | undefined

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
  }

  observe(endpoint: string, provider: string, milliseconds: number): void {
    const seconds = milliseconds / 1000
    let series = this.#last
    if (series?.labels.endpoint !== endpoint || series.labels.provider !== provider) {
      series = this.#seriesOf(endpoint, provider)
      this.#last = series
    }
    series.sum += seconds
    let at = 0
    while (at < this.bounds.length && seconds > (this.bounds[at] as number)) at++
    series.counts[at] = (series.counts[at] as number) + 1
  }

  #seriesOf(endpoint: string, provider: string): DistributionSeries {
    const key = `${endpoint} ${provider}`
    const known = this.series.get(key)
    if (known) return known
    const series = { labels: { endpoint, provider }, counts: Array<number>(this.bounds.length + 1).fill(0), sum: 0 }
    this.series.set(key, series)
    return series
  }
}
