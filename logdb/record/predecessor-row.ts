import { canonicalJson } from '../canon/canonical-reader.ts'
import { InvalidJson } from '../canon/invalid-json.ts'

/** A row of the predecessor's table `requests`. */
export interface PredecessorRow {
  requestId: string
  /** Seconds since 1970. */
  ts: number
  endpoint: string
  modelOriginal: string | null
  modelMapped: string | null
  statusCode: number | null
  latencyMs: number | null
  apiKeyHash: string | null
  requestJson: string
  responseJson: string
  dialogId: string | null
}

/** A row of the predecessor as the record of a log, to be read like any other. */
export function asRecord(row: PredecessorRow): Buffer {
  const { ts, endpoint, modelOriginal, modelMapped, statusCode, latencyMs, apiKeyHash } = row
  const fields = {
    v: 1,
    timestamp: new Date(ts * 1000).toISOString(),
    endpoint,
    model_original: modelOriginal,
    model_mapped: modelMapped,
    status_code: statusCode,
    latency_ms: latencyMs,
    api_key_hash: apiKeyHash,
  }
  const bodies = `"request": ${row.requestJson}, "response": ${row.responseJson}}`
  return Buffer.from(`${JSON.stringify(fields).slice(0, -1)}, ${bodies}`)
}

/** True if taking the bodies apart and putting them together again gives the same bytes. */
export function isCanonical({ requestJson, responseJson }: PredecessorRow): boolean {
  return isCanonicalText(requestJson) && isCanonicalText(responseJson)
}

function isCanonicalText(text: string): boolean {
  try {
    const bytes = Buffer.from(text)
    return text !== 'null' && canonicalJson(bytes).equals(bytes)
  } catch (error) {
    if (error instanceof InvalidJson) return false
    throw error
  }
}
