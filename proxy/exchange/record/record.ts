import type { IncomingMessage } from 'node:http'
import type { ApiKey } from '../../../kit/api-keys.ts'
import type { LogRecordFields } from '../../../kit/log-record.ts'
import type { Endpoint } from '../../apis/api.ts'
import type { RequestFacts } from '../../apis/read-request.ts'
import { type TokenCounts, tokenCounts } from '../../apis/usage/token-counts.ts'
import type { TraceContext } from '../../traces/trace-context.ts'
import type { RequestBody } from '../body/request-body.ts'
import type { Dialog } from '../dialog.ts'
import type { Outcome } from '../outcome.ts'
import type { Timings } from '../timings.ts'

/** A record without its bodies. */
export type RecordFields = Omit<LogRecordFields, 'truncated'>

/** What the record needs to know of a request. */
export interface RecordedRequest {
  readonly id: string
  readonly request: IncomingMessage
  readonly api: Endpoint
  readonly apiKey: ApiKey | null
  readonly body: RequestBody
  readonly facts: RequestFacts
  readonly dialog: Dialog | undefined
  readonly trace: TraceContext | undefined
  readonly timings: Timings
}

/** Where and when a record is made. */
export interface RecordOrigin {
  release: string
  /** ISO with microseconds and `Z`. */
  timestamp: string
}

/** Status of a request that was not answered at all. */
const NOTHING_SENT = 499

const NO_COUNTS: Partial<TokenCounts> = {}

/**
 * The fields of a record, in the order of the log; the bodies are not among them. All records have all members, and what is
 * missing is undefined, which the log does not write: members that are there or not cost several microseconds.
 */
export function toRecord(exchange: RecordedRequest, outcome: Outcome, origin: RecordOrigin): RecordFields {
  const { id, request, api, apiKey, body, facts, dialog, trace, timings } = exchange
  const { result, statusCode, bytesOut, route, answer } = outcome
  const counts = answer.usage ? tokenCounts(answer.usage) : NO_COUNTS
  return {
    v: 1,
    timestamp: origin.timestamp,
    x_request_id: id,
    endpoint: api.endpoint,
    method: request.method ?? 'POST',
    status_code: statusCode ?? NOTHING_SENT,
    latency_ms: timings.latencyMs,
    ttfb_ms: timings.firstByteMs,
    overhead_ms: timings.overheadMs,
    dispatched_ms: timings.dispatchedMs ?? undefined,
    retries: timings.retries || undefined,
    provider: route?.provider ?? null,
    model_original: facts.model,
    model_mapped: route?.model || null,
    stream: facts.stream,
    api_key_hash: apiKey?.hash ?? null,
    api_key_name: apiKey?.name ?? undefined,
    dialog_id: dialog?.id,
    dialog_source: dialog?.source,
    trace_id: trace?.traceId,
    finish_reason: answer.finishReason,
    usage: answer.usage,
    tokens_in: counts.in,
    tokens_out: counts.out,
    tokens_cache_read: counts.cacheRead,
    tokens_cache_write_5m: counts.cacheWrite5m,
    tokens_cache_write_1h: counts.cacheWrite1h,
    tokens_reasoning: counts.reasoning,
    outcome: result,
    bytes_in: body.receivedBytes,
    bytes_out: bytesOut,
    release: origin.release,
  } satisfies { [Name in keyof RecordFields]-?: RecordFields[Name] | undefined } as RecordFields
}
