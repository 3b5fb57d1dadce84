import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type PrometheusContentType,
  type Registry,
} from 'prom-client'
import type { LogRecordFields } from '../kit/log-record.ts'

/** What can be read off at any moment. */
export interface MetricsSources {
  running: { readonly size: number }
  requestLog: { readonly lost: number; readonly waitingBytes: number }
}

type Answered = Omit<LogRecordFields, 'truncated'>

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5]
const NONE = 'none'

/** What Prometheus can ask the gateway about. Labels hold names of config.yml only, so their number is bounded. */
export class GatewayMetrics {
  readonly registry: Registry
  readonly #requests: Counter
  readonly #rejected: Counter
  readonly #retries: Counter
  readonly #tokens: Counter
  readonly #duration: Histogram
  readonly #firstByte: Histogram
  readonly #overhead: Histogram

  /** Registers with the process that gathers for all workers, if this is one of several. */
  constructor({ running, requestLog }: MetricsSources) {
    const registry = new AggregatorRegistry<PrometheusContentType>()
    AggregatorRegistry.setRegistries(registry)
    const registers = [registry]
    this.registry = registry
    const counter = (name: string, help: string, labelNames: string[] = []) =>
      new Counter({ name: `ai_proxy_${name}`, help, labelNames, registers })
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name: `ai_proxy_${name}`, help, buckets, labelNames: ['endpoint', 'provider'], registers })
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: `ai_proxy_${name}`,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })

    this.#requests = counter('requests_total', 'Requests that passed authentication.', [
      'endpoint',
      'provider',
      'model',
      'status',
      'outcome',
    ])
    this.#rejected = counter('rejected_total', 'Requests that the gateway answered with an error of its own.', ['code'])
    this.#retries = counter('retries_total', 'Attempts with another key or a fallback.')
    this.#tokens = counter('tokens_total', 'Tokens as the providers counted them.', ['provider', 'model', 'direction'])
    this.#duration = histogram('request_duration_seconds', 'From the request to its end.', SECONDS)
    this.#firstByte = histogram('first_byte_seconds', 'From the whole request to the first byte out.', SECONDS)
    this.#overhead = histogram('overhead_seconds', 'What the gateway itself took of it.', OVERHEAD_SECONDS)
    gauge('requests_in_flight', 'Requests being answered.', () => running.size)
    gauge('log_records_lost', 'Log records that could not be written.', () => requestLog.lost)
    gauge('log_waiting_bytes', 'Log records that wait for the disk.', () => requestLog.waitingBytes)
    collectDefaultMetrics({ register: registry })
  }

  /** One request has ended; `mapping` is the name of config.yml that it came by, `code` that of an error of ours. */
  answered(fields: Answered, mapping: string | null, code: string | null): void {
    const { endpoint, outcome, usage } = fields
    const provider = fields.provider ?? NONE
    const model = mapping ?? NONE
    this.#requests.inc({ endpoint, provider, model, status: fields.status_code, outcome })
    if (code !== null) this.#rejected.inc({ code })
    const labels = { endpoint, provider }
    this.#duration.observe(labels, fields.latency_ms / 1000)
    if (fields.ttfb_ms !== null) this.#firstByte.observe(labels, fields.ttfb_ms / 1000)
    if (fields.overhead_ms !== null) this.#overhead.observe(labels, fields.overhead_ms / 1000)
    if (usage === null) return
    this.#countTokens(provider, model, 'input', usage['prompt_tokens'] ?? usage['input_tokens'])
    this.#countTokens(provider, model, 'output', usage['completion_tokens'] ?? usage['output_tokens'])
  }

  retried(): void {
    this.#retries.inc()
  }

  #countTokens(provider: string, model: string, direction: string, count: unknown): void {
    if (typeof count === 'number' && count >= 0) this.#tokens.inc({ provider, model, direction }, count)
  }
}
