import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, type PrometheusContentType } from 'prom-client'
import type { LogRecordFields } from '../kit/log-record.ts'
import { Distribution } from './metrics-distribution.ts'

/** What can be read off at any moment. */
export interface MetricsSources {
  running: { readonly size: number }
  requestLog: { readonly lost: number; readonly waitingBytes: number }
}

type Answered = Omit<LogRecordFields, 'truncated'>

/** What is counted of requests that have all labels in common. */
interface Series {
  labels: Record<string, string | number>
  requests: number
  inputTokens: number
  outputTokens: number
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5]
const NONE = 'none'

/**
 * What Prometheus can ask the gateway about. Labels hold names of config.yml only, so their number is bounded. A request
 * only adds to plain numbers here; the library makes metrics of them when somebody asks.
 */
export class GatewayMetrics {
  readonly registry = new AggregatorRegistry<PrometheusContentType>()
  readonly #series = new Map<string, Series>()
  readonly #rejected = new Map<string, number>()
  #retries = 0
  readonly #duration = new Distribution('ai_proxy_request_duration_seconds', 'From the request to its end.', SECONDS)
  readonly #firstByte = new Distribution(
    'ai_proxy_first_byte_seconds',
    'From the whole request to the first byte out.',
    SECONDS,
  )
  readonly #overhead = new Distribution(
    'ai_proxy_overhead_seconds',
    'What the gateway itself took of it.',
    OVERHEAD_SECONDS,
  )

  /** Where this is one of several workers, the process that gathers for all can ask it. */
  constructor(sources: MetricsSources) {
    const { registry } = this
    AggregatorRegistry.setRegistries(registry)
    this.#addCounters()
    this.#addGauges(sources)
    for (const distribution of [this.#duration, this.#firstByte, this.#overhead]) distribution.register(registry)
    collectDefaultMetrics({ register: registry })
  }

  /** One request has ended; `mapping` is the name of config.yml that it came by, `code` that of an error of ours. */
  answered(fields: Answered, mapping: string | null, code: string | null): void {
    const { endpoint, usage } = fields
    const provider = fields.provider ?? NONE
    const series = this.#seriesOf(fields, provider, mapping ?? NONE)
    series.requests++
    if (usage) {
      series.inputTokens += count(usage['prompt_tokens'] ?? usage['input_tokens'])
      series.outputTokens += count(usage['completion_tokens'] ?? usage['output_tokens'])
    }
    if (code !== null) this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1)
    this.#duration.observe(endpoint, provider, fields.latency_ms)
    if (fields.ttfb_ms !== null) this.#firstByte.observe(endpoint, provider, fields.ttfb_ms)
    if (fields.overhead_ms !== null) this.#overhead.observe(endpoint, provider, fields.overhead_ms)
  }

  retried(): void {
    this.#retries++
  }

  #seriesOf({ endpoint, status_code: status, outcome }: Answered, provider: string, model: string): Series {
    const key = `${endpoint} ${provider} ${status} ${outcome} ${model}`
    const known = this.#series.get(key)
    if (known) return known
    const labels = { endpoint, provider, model, status, outcome }
    const series: Series = { labels, requests: 0, inputTokens: 0, outputTokens: 0 }
    this.#series.set(key, series)
    return series
  }

  #addCounters(): void {
    this.#addCounter('requests_total', 'Requests that passed authentication.', (add) => {
      for (const { labels, requests } of this.#series.values()) add(labels, requests)
    })
    this.#addCounter('tokens_total', 'Tokens as the providers counted them.', (add) => {
      for (const { labels, inputTokens, outputTokens } of this.#series.values()) {
        const { provider = NONE, model = NONE } = labels
        if (inputTokens > 0) add({ provider, model, direction: 'input' }, inputTokens)
        if (outputTokens > 0) add({ provider, model, direction: 'output' }, outputTokens)
      }
    })
    this.#addCounter('rejected_total', 'Requests that the gateway answered with an error of its own.', (add) => {
      for (const [code, times] of this.#rejected) add({ code }, times)
    })
    this.#addCounter('retries_total', 'Attempts with another key or a fallback.', (add) => add({}, this.#retries))
  }

  #addCounter(
    name: string,
    help: string,
    read: (add: (labels: Series['labels'], value: number) => void) => void,
  ): void {
    new Counter({
      name: `ai_proxy_${name}`,
      help,
      labelNames: LABELS[name] ?? [],
      registers: [this.registry],
      collect() {
        this.reset()
        read((labels, value) => this.inc(labels, value))
      },
    })
  }

  #addGauges({ running, requestLog }: MetricsSources): void {
    const gauges: [string, string, () => number][] = [
      ['requests_in_flight', 'Requests being answered.', () => running.size],
      ['log_records_lost', 'Log records that could not be written.', () => requestLog.lost],
      ['log_waiting_bytes', 'Log records that wait for the disk.', () => requestLog.waitingBytes],
    ]
    for (const [name, help, read] of gauges) {
      new Gauge({
        name: `ai_proxy_${name}`,
        help,
        registers: [this.registry],
        collect() {
          this.set(read())
        },
      })
    }
  }
}

const LABELS: Record<string, string[]> = {
  requests_total: ['endpoint', 'provider', 'model', 'status', 'outcome'],
  tokens_total: ['provider', 'model', 'direction'],
  rejected_total: ['code'],
}

function count(tokens: unknown): number {
  return typeof tokens === 'number' && tokens > 0 ? tokens : 0
}
