import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { ApiKey } from '../../kit/api-keys.ts'
import type { LogRecordFields } from '../../kit/log-record.ts'
import type { Api } from '../apis/api.ts'
import type { RequestFacts } from '../apis/read-request.ts'
import type { Outcome } from './outcome.ts'
import type { RequestBody } from './request-body.ts'
import type { Timings } from './timings.ts'

/** What the record needs to know of a request. */
export interface RecordedRequest {
  readonly id: string
  readonly request: IncomingMessage
  readonly api: Api
  readonly apiKey: ApiKey | null
  readonly body: RequestBody
  readonly facts: RequestFacts
}

/** Where and when a record is made. */
export interface RecordOrigin {
  release: string
  /** ISO with microseconds and `Z`. */
  timestamp: string
}

/** Status of a request that was not answered at all. */
const NOTHING_SENT = 499

/** The fields of a record, in the order of the log; the bodies are not among them. */
export function toRecord(
  { id, request, api, apiKey, body, facts }: RecordedRequest,
  { result, statusCode, bytesOut, route, answer }: Outcome,
  timings: Timings,
  { release, timestamp }: RecordOrigin,
): Omit<LogRecordFields, 'truncated'> {
  const dialogId = readHeader(request.headers['x-dialog-id'])
  return {
    v: 1,
    timestamp,
    x_request_id: id,
    endpoint: api.endpoint,
    method: request.method ?? 'POST',
    status_code: statusCode ?? NOTHING_SENT,
    latency_ms: timings.latencyMs,
    ttfb_ms: timings.firstByteMs,
    overhead_ms: timings.overheadMs,
    provider: route?.provider ?? null,
    model_original: facts.model,
    model_mapped: route?.model ?? null,
    stream: facts.stream,
    api_key_hash: apiKey?.hash ?? null,
    ...(apiKey?.name != null && { api_key_name: apiKey.name }),
    ...(dialogId && { dialog_id: dialogId }),
    finish_reason: answer.finishReason,
    usage: answer.usage,
    outcome: result,
    bytes_in: body.receivedBytes,
    bytes_out: bytesOut,
    release,
  }
}

/** Node decodes the bytes of a header as Latin-1; if they are valid UTF-8, the client meant UTF-8. */
function readHeader(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}
