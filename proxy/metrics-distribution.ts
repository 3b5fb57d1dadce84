import type { Metric, Registry } from 'prom-client'

interface Series {
  labels: { endpoint: string; provider: string }
  /** Observations up to each bound, and beyond the last one. */
  counts: number[]
  sum: number
}

/**
 * A histogram of the library, in seconds, by endpoint and provider. The library's own looks up and checks its labels at
 * every observation, which costs a request more than all the rest of the metrics.
 */
export class Distribution {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
  }

  observe(endpoint: string, provider: string, milliseconds: number): void {
    const seconds = milliseconds / 1000
    const { counts } = this.#add(endpoint, provider, seconds)
    let at = 0
    while (at < this.#bounds.length && seconds > (this.#bounds[at] as number)) at++
    counts[at] = (counts[at] as number) + 1
  }

  register(registry: Registry): void {
    // What a registry asks of a metric; the library's types know only its own classes.
    const metric = { name: this.#name, get: () => this.#get() }
    registry.registerMetric(metric as unknown as Metric)
  }

  #add(endpoint: string, provider: string, seconds: number): Series {
    const key = `${endpoint} ${provider}`
    let series = this.#series.get(key)
    if (!series) {
      series = { labels: { endpoint, provider }, counts: this.#bounds.map(() => 0).concat(0), sum: 0 }
      this.#series.set(key, series)
    }
    series.sum += seconds
    return series
  }

  #get() {
    const values = [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0
      const buckets = counts.map((count, at) => {
        total += count
        const le = this.#bounds[at] ?? '+Inf'
        return { labels: { le, ...labels }, value: total, metricName: `${this.#name}_bucket` }
      })
      return [
        ...buckets,
        { labels, value: sum, metricName: `${this.#name}_sum` },
        { labels, value: total, metricName: `${this.#name}_count` },
      ]
    })
    return { name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values }
  }
}
