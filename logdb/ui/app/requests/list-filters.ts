/** How an answer ended. */
export const OUTCOMES = ['ok', 'client_aborted', 'upstream_error', 'upstream_truncated', 'rejected'] as const

/** A filter of the list of requests, with its name in the URL. */
export interface Filter {
  name: FilterName
  label: string
  /** What to type; for a choice, what to choose from, by value. */
  example: string | Readonly<Record<string, string>>
  /** True if the log has known values of it. */
  hasFacet?: true
}

export type FilterName =
  | 'since'
  | 'to'
  | 'status'
  | 'model'
  | 'key'
  | 'endpoint'
  | 'provider'
  | 'outcome'
  | 'error'
  | 'dialog'
  | 'stream'
  | 'tools'
  | 'min_latency'
  | 'max_latency'
  | 'min_tokens'
  | 'max_tokens'

/** Filters by name; an empty text is no filter. */
export type Filters = Record<FilterName, string>

/** They are always shown. */
export const MAIN_FILTERS: readonly Filter[] = [
  { name: 'since', label: 'From (UTC)', example: '7d, 2h, 2025-09-15' },
  { name: 'to', label: 'To', example: 'today' },
  { name: 'status', label: 'Status', example: '200, 5xx', hasFacet: true },
  { name: 'model', label: 'Model', example: 'gpt-*', hasFacet: true },
  { name: 'key', label: 'Key', example: 'laptop', hasFacet: true },
]

export const MORE_FILTERS: readonly Filter[] = [
  { name: 'endpoint', label: 'Endpoint', example: '/v1/chat/*', hasFacet: true },
  { name: 'provider', label: 'Provider', example: 'openrouter', hasFacet: true },
  { name: 'outcome', label: 'Outcome', example: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, outcome])) },
  { name: 'error', label: 'Errors', example: { true: 'only errors', false: 'no errors' } },
  { name: 'stream', label: 'Streamed', example: { true: 'streamed', false: 'not streamed' } },
  { name: 'tools', label: 'Tools', example: { true: 'with tools', false: 'without tools' } },
  { name: 'dialog', label: 'Dialog', example: 'id of a dialog' },
  { name: 'min_latency', label: 'Latency from', example: '2s, 500ms' },
  { name: 'max_latency', label: 'Latency to', example: '1m' },
  { name: 'min_tokens', label: 'Tokens from', example: '10000' },
  { name: 'max_tokens', label: 'Tokens to', example: '50000' },
]

export const FILTER_NAMES: readonly FilterName[] = [...MAIN_FILTERS, ...MORE_FILTERS].map(({ name }) => name)

/** Beginnings of the range, by their value in the URL; an empty one is no limit. */
export const PRESETS = { '1h': '1 hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days', '': 'All' } as const
