import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type Metric,
  type PrometheusContentType,
  type Registry,
} from 'prom-client'
import type { Distribution, GatewayMetrics } from './metrics.ts'

/** Where the numbers of the page come from. */
export interface MetricsSources {
  metrics: GatewayMetrics
  running: { readonly size: number }
  requestLog: { readonly lost: number; readonly waitingBytes: number }
  /** Undefined without traces. */
  spans?: { readonly lost: number } | undefined
}

/** The page for Prometheus, in its text format. If this process is a worker, the primary process can request it too. */
export function createMetricsPage(sources: MetricsSources): () => Promise<string> {
  const registry = new AggregatorRegistry<PrometheusContentType>()
  AggregatorRegistry.setRegistries(registry)
  addCounters(registry, sources.metrics)
  addGauges(registry, sources)
  const { duration, firstByte, overhead } = sources.metrics
  addDistribution(registry, 'request_duration_seconds', 'From the request to its end.', duration)
  addDistribution(registry, 'first_byte_seconds', 'From the whole request to the first byte out.', firstByte)
  addDistribution(registry, 'overhead_seconds', 'The part of it that the gateway itself needed.', overhead)
  collectDefaultMetrics({ register: registry })
  return () => registry.metrics()
}

type Labels = Record<string, string>
type Add = (labels: Labels, value: number) => void

function addCounters(registry: Registry, metrics: GatewayMetrics): void {
  const add = (name: string, help: string, labelNames: string[], read: (add: Add) => void) =>
    new Counter({
      name: `ai_proxy_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        read((labels, value) => this.inc(labels, value))
      },
    })
  const requestLabels = ['endpoint', 'provider', 'model', 'status', 'outcome']
  add('requests_total', 'Requests that passed authentication.', requestLabels, (add) => {
    for (const { labels, requests } of metrics.requests.values()) add(labels, requests)
  })
  add('tokens_total', 'Tokens as the providers counted them.', ['provider', 'model', 'direction'], (add) => {
    for (const { labels, inputTokens, outputTokens } of metrics.requests.values()) {
      const { provider, model } = labels
      if (inputTokens > 0) add({ provider, model, direction: 'input' }, inputTokens)
      if (outputTokens > 0) add({ provider, model, direction: 'output' }, outputTokens)
    }
  })
  add('token_parts_total', 'What these tokens are in particular.', ['provider', 'model', 'part'], (add) => {
    for (const { labels, tokenParts } of metrics.requests.values()) {
      const { provider, model } = labels
      for (const [part, tokens] of Object.entries(tokenParts)) if (tokens > 0) add({ provider, model, part }, tokens)
    }
  })
  add('rejected_total', 'Requests that the gateway answered with its own error.', ['code'], (add) => {
    for (const [code, times] of metrics.rejected) add({ code }, times)
  })
  add('retries_total', 'Further attempts: another key, a fallback, a new connection.', ['kind'], (add) => {
    for (const [kind, times] of Object.entries(metrics.retries)) add({ kind }, times)
  })
  add('affinity_total', 'Attempts of conversations with their own key, or with another one.', ['result'], (add) => {
    for (const [result, times] of Object.entries(metrics.affinity)) add({ result }, times)
  })
  add('masked_total', 'Answers in which a key of the gateway was hidden.', [], (add) => add({}, metrics.masked))
}

function addGauges(registry: Registry, { running, requestLog, spans }: MetricsSources): void {
  const add = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `ai_proxy_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  add('requests_in_flight', 'Requests being answered.', () => running.size)
  add('log_records_lost', 'Log records that could not be written.', () => requestLog.lost)
  add('spans_lost', 'Spans that the receiver of traces did not take.', () => spans?.lost ?? 0)
  add('log_waiting_bytes', 'Log records that wait for the disk.', () => requestLog.waitingBytes)
}

/** The library's own histograms take observations only one by one, so this one returns finished values. */
function addDistribution(registry: Registry, shortName: string, help: string, { bounds, series }: Distribution): void {
  const name = `ai_proxy_${shortName}`
  const get = () => {
    const values = [...series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0
      const buckets = counts.map((count, at) => {
        total += count
        return { labels: { le: bounds[at] ?? '+Inf', ...labels }, value: total, metricName: `${name}_bucket` }
      })
      const whole = [
        { labels, value: sum, metricName: `${name}_sum` },
        { labels, value: total, metricName: `${name}_count` },
      ]
      return [...buckets, ...whole]
    })
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
  // A registry needs nothing else of a metric, but its types allow only the library's classes.
  registry.registerMetric({ name, get } as unknown as Metric)
}
