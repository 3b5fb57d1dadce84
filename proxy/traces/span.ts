import type { LogOutcome, LogRecordFields } from '../../kit/log-record.ts'
import type { TraceContext } from './trace-context.ts'

export type AttributeValue = string | number | boolean | readonly string[]

/** One request as a span of OpenTelemetry. */
export interface Span {
  context: TraceContext
  name: string
  startMs: number
  endMs: number
  /** Whole numbers become integers; other numbers, doubles. */
  attributes: Record<string, AttributeValue | null | undefined>
  isError: boolean
}

type Fields = Omit<LogRecordFields, 'truncated'>

/** Names of the conventions; other providers go by their names in config.yml. */
const PROVIDER_NAMES: Record<string, string> = { gemini: 'gcp.gemini' }
const OPERATIONS: Record<string, string> = { '/v1/completions': 'text_completion', '/v1/embeddings': 'embeddings' }
const CHAT = 'chat'
/** Of a timestamp, up to its seconds; Date knows no microseconds. */
const SECOND_LENGTH = 'YYYY-MM-DDTHH:MM:SS'.length
/** A client that leaves is no fault. */
const ERRORS: ReadonlySet<LogOutcome> = new Set(['upstream_error', 'upstream_truncated', 'rejected'])

/**
 * The span of a record, by the conventions for clients of generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/). It does not have the content of messages.
 */
export function spanOf(context: TraceContext, fields: Fields): Span {
  const { latency_ms, ttfb_ms, outcome, provider, status_code, finish_reason } = fields
  const operation = OPERATIONS[fields.endpoint] ?? CHAT
  const model = fields.model_mapped ?? fields.model_original
  const endMs =
    Date.parse(`${fields.timestamp.slice(0, SECOND_LENGTH)}Z`) +
    Number(fields.timestamp.slice(SECOND_LENGTH, -1)) * 1000
  return {
    context,
    name: model === null ? operation : `${operation} ${model}`,
    startMs: endMs - latency_ms,
    endMs,
    isError: ERRORS.has(outcome),
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': provider && (PROVIDER_NAMES[provider] ?? provider),
      'gen_ai.request.model': model,
      'gen_ai.conversation.id': fields.dialog_id,
      'gen_ai.response.finish_reasons': finish_reason === null ? null : [finish_reason],
      ...usageAttributes(fields),
      'gen_ai.response.time_to_first_chunk': fields.stream && ttfb_ms !== null ? ttfb_ms / 1000 : null,
      'http.response.status_code': status_code,
      'error.type': errorType(fields),
      'ai_proxy.request_id': fields.x_request_id,
      'ai_proxy.endpoint': fields.endpoint,
      'ai_proxy.model': fields.model_original,
      'ai_proxy.key': fields.api_key_name ?? fields.api_key_hash,
      'ai_proxy.outcome': outcome,
      'ai_proxy.stream': fields.stream,
    },
  }
}

function errorType({ outcome, status_code }: Fields): string | null {
  if (outcome === 'ok') return null
  const hasErrorStatus = status_code >= 400 && outcome !== 'client_aborted'
  return hasErrorStatus ? String(status_code) : outcome
}

function usageAttributes(fields: Fields): Span['attributes'] {
  const { tokens_cache_write_5m: short, tokens_cache_write_1h: long } = fields
  return {
    'gen_ai.usage.input_tokens': fields.tokens_in,
    'gen_ai.usage.output_tokens': fields.tokens_out,
    'gen_ai.usage.cache_read.input_tokens': fields.tokens_cache_read,
    'gen_ai.usage.cache_creation.input_tokens':
      short === undefined && long === undefined ? null : (short ?? 0) + (long ?? 0),
  }
}
