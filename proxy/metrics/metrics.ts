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
}

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
  /** Answers in which a key of the gateway was hidden. */
  masked = 0
  readonly duration = new Distribution(SECONDS)
  readonly firstByte = new Distribution(SECONDS)
  readonly overhead = new Distribution(OVERHEAD_SECONDS)

  retried(kind: RetryKind): void {
    this.retries[kind]++
  }

  /**
   * Counts a request that has ended.
   * @param mapping the name or pattern of config.yml that led to its provider
   * @param problem the gateway's own error, if that was the answer
   */
  answered(fields: Answered, mapping: string | undefined, problem: ApiProblem | undefined): void {
    const { endpoint, usage } = fields
    const provider = fields.provider ?? NONE
    const series = this.#seriesOf(fields, provider, mapping ?? NONE)
    series.requests++
    if (usage) {
      series.inputTokens += count(usage['prompt_tokens'] ?? usage['input_tokens'])
      series.outputTokens += count(usage['completion_tokens'] ?? usage['output_tokens'])
    }
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

  #seriesOf({ endpoint, status_code: code, outcome }: Answered, provider: string, model: string): RequestSeries {
    const key = `${endpoint} ${provider} ${code} ${outcome} ${model}`
    const known = this.requests.get(key)
    if (known) return known
    const labels = { endpoint, provider, model, status: String(code), outcome }
    const series: RequestSeries = { labels, requests: 0, inputTokens: 0, outputTokens: 0 }
    this.requests.set(key, series)
    return series
  }
}

/** Durations in seconds, by endpoint and provider. */
export class Distribution {
  readonly bounds: readonly number[]
  readonly series = new Map<string, DistributionSeries>()

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
  }

  observe(endpoint: string, provider: string, milliseconds: number): void {
    const seconds = milliseconds / 1000
    const series = this.#seriesOf(endpoint, provider)
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

function count(tokens: unknown): number {
  return typeof tokens === 'number' && tokens > 0 ? tokens : 0
}
