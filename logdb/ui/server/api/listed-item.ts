import type { ListedRequest } from '../../../verbs/list/list.ts'
import type { RequestItem } from '../../app/requests/request-item.ts'

/** The members of the predecessor's API, and what else is known without reading a body. */
export function itemOf(request: ListedRequest): RequestItem {
  const { requestId, ts, endpoint, modelOriginal, modelMapped, statusCode, latencyMs } = request
  return {
    request_id: requestId,
    ts,
    endpoint,
    model: modelMapped ?? modelOriginal,
    status_code: statusCode,
    latency_ms: latencyMs,
    model_original: modelOriginal,
    outcome: request.outcome,
    provider: request.provider,
    stream: request.stream === null ? null : request.stream !== 0,
    ttfb_ms: request.ttfbMs,
    api_key_hash: request.apiKeyHash,
    api_key_name: request.apiKeyName,
    tokens_in: request.tokensIn,
    tokens_out: request.tokensOut,
    tokens_cache_read: request.tokensCacheRead,
    tokens_reasoning: request.tokensReasoning,
    dialog_id: request.dialogId,
    question: request.question ?? null,
  }
}
