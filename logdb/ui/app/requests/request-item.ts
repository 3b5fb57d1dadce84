import type { RequestRow } from '../page-data.ts'

/** A request in a list of the API: the members of the predecessor's, and what else is known without reading a body. */
export interface RequestItem {
  request_id: string
  /** Seconds since 1970. */
  ts: number
  endpoint: string
  model: string | null
  status_code: number | null
  latency_ms: number | null
  model_original: string | null
  outcome: string | null
  provider: string | null
  stream: boolean | null
  ttfb_ms: number | null
  api_key_hash: string | null
  api_key_name: string | null
  tokens_in: number | null
  tokens_out: number | null
  /** Parts of these two. */
  tokens_cache_read: number | null
  tokens_reasoning: number | null
  dialog_id: string | null
  question: string | null
}

/** The row of a page. */
export function rowOfItem(item: RequestItem): RequestRow {
  return {
    id: item.request_id,
    ts: item.ts,
    model: modelText(item.model_original, item.model),
    status: item.status_code,
    outcome: item.outcome,
    endpoint: item.endpoint,
    provider: item.provider,
    stream: item.stream,
    dialog: item.dialog_id,
    firstByteMs: item.ttfb_ms,
    key: item.api_key_name ?? item.api_key_hash,
    tokensIn: item.tokens_in,
    tokensOut: item.tokens_out,
    tokensCached: item.tokens_cache_read,
    tokensReasoning: item.tokens_reasoning,
    latencyMs: item.latency_ms,
    question: item.question ?? '',
  }
}

/** The model asked for, and the one that answered if it has another name. */
export function modelText(original: string | null, mapped: string | null): string {
  const name = mapped?.slice(mapped.lastIndexOf('/') + 1)
  return original === null || original === mapped || original === name
    ? (mapped ?? '')
    : `${original} → ${mapped ?? '?'}`
}
