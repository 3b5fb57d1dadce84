import type { RequestDetails } from '../../../store/partition/requests.ts'
import type { ListedRequest } from '../../../verbs/list/list.ts'
import type { RequestRow } from '../../app/page-data.ts'
import { modelText, rowOfItem } from '../../app/requests/request-item.ts'
import { itemOf } from '../api/listed-item.ts'

export { pathOf } from '../../app/paths.ts'

export function rowOfListed(request: ListedRequest): RequestRow {
  return rowOfItem(itemOf(request))
}

export function rowOfDetails(details: Omit<RequestDetails, 'request_json' | 'response_json'>): RequestRow {
  return {
    id: details.request_id,
    ts: details.ts,
    model: modelText(details.model_original, details.model_mapped),
    status: details.status_code,
    outcome: details.outcome,
    endpoint: details.endpoint,
    provider: details.provider,
    stream: details.stream === null ? null : details.stream !== 0,
    dialog: details.dialog_id,
    firstByteMs: details.ttfb_ms,
    key: details.api_key_name ?? details.api_key_hash,
    tokensIn: details.tokens_in,
    tokensOut: details.tokens_out,
    tokensCached: details.tokens_cache_read,
    tokensReasoning: details.tokens_reasoning,
    latencyMs: details.latency_ms,
    question: '',
  }
}
