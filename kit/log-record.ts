/** How a request ended; `rejected` means refused by the gateway after authentication. */
export type LogOutcome = 'ok' | 'client_aborted' | 'upstream_error' | 'upstream_truncated' | 'rejected'

/**
 * One line of `logs/requests-YYYY-MM-DD[.<release>][.w<n>].jsonl`, in this order of fields: what the gateway writes and
 * logdb reads. `request` and `response` are spliced in as raw bytes where possible, so this type does not have them
 * when it is written.
 */
export interface LogRecordFields {
  v: 1
  /** End of the request: ISO with microseconds and `Z`, strictly increasing within a process. */
  timestamp: string
  x_request_id: string
  /** Path with /v1, whichever form was called. */
  endpoint: string
  method: string
  /** What was sent; 499 if nothing was. */
  status_code: number
  latency_ms: number
  /** Request complete to first byte out; null if none went out. */
  ttfb_ms: number | null
  /** (dispatch - request complete) + (first byte out - first upstream byte); null without an upstream answer. */
  overhead_ms: number | null
  /** Request complete to first dispatch to a provider; missing without one. */
  dispatched_ms?: number
  /** Further attempts: with another key, another connection or a fallback; missing if there was none. */
  retries?: number
  provider: string | null
  model_original: string | null
  /** Without the provider prefix. */
  model_mapped: string | null
  stream: boolean
  api_key_hash: string | null
  api_key_name?: string
  /** As the client named it. */
  dialog_id?: string
  /** The header that named the dialog, or `metadata.user_id` for the session in that member of the body. */
  dialog_source?: string
  /** Of OpenTelemetry, if traces are on: 32 hex digits. */
  trace_id?: string
  finish_reason: string | null
  /** As the provider sent it; the counts after it mean the same for all providers, and are missing where it does not say. */
  usage: Record<string, unknown> | null
  /** The whole input, with what was read from a cache or written to one. */
  tokens_in?: number
  /** The whole output, with reasoning. */
  tokens_out?: number
  tokens_cache_read?: number
  /** Also for a time that is not known. */
  tokens_cache_write_5m?: number
  tokens_cache_write_1h?: number
  tokens_reasoning?: number
  outcome: LogOutcome
  /** Body bytes on the client's side. */
  bytes_in: number
  bytes_out: number
  release: string
  /** Which of the bodies were above LOG_BODY_MAX_BYTES. */
  truncated?: ('request' | 'response')[]
}

export interface LogRecord extends LogRecordFields {
  request: unknown
  response: unknown
}
