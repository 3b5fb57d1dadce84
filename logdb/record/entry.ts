import { createHash } from 'node:crypto'
import { CanonicalReader } from '../canon/canonical-reader.ts'
import { dropInvalidUtf8 } from '../canon/utf8.ts'
import { readRequestBody, readResponseBody, type SplitJson } from './body.ts'
import { type Instant, parseTimestamp } from './timestamp.ts'

/** Our own records say `"v": 1`; the predecessor's have no such field. */
const OWN_VERSION = 1
const SEPARATOR = ', '

/** A record that was read but cannot become a row; the message says why. */
export class BadRecord extends Error {
  override readonly name = 'BadRecord'
}

/** What a record says beside its bodies, in the units of the table: seconds for `ts`, milliseconds for `_ms`. */
interface EntryFields {
  timestamp: string
  endpoint: string
  xRequestId: string | null
  method: string | null
  provider: string | null
  modelOriginal: string | null
  modelMapped: string | null
  stream: boolean | null
  statusCode: number | null
  latencyMs: number | null
  ttfbMs: number | null
  overheadMs: number | null
  apiKeyHash: string | null
  apiKeyName: string | null
  xDialogId: string | null
  finishReason: string | null
  outcome: string | null
  tokensIn: number | null
  tokensOut: number | null
  bytesIn: number | null
  bytesOut: number | null
  release: string | null
}

/** One logged request. */
export interface LogEntry {
  fields: EntryFields
  instant: Instant
  request: SplitJson
  response: SplitJson
}

/**
 * Reads one record, ours or the predecessor's. Undefined for a JSON object that is no record of a request.
 * @throws InvalidJson, BadRecord
 */
export function parseEntry(bytes: Buffer): LogEntry | undefined {
  const reader = new CanonicalReader(dropInvalidUtf8(bytes))
  let request: SplitJson | undefined
  let response: SplitJson | undefined
  const texts = new Map<string, Buffer>()
  reader.object((key) => {
    const name: string = JSON.parse(key.toString('utf8'))
    if (name === 'request') request = readRequestBody(reader)
    else if (name === 'response') response = readResponseBody(reader)
    else texts.set(name, reader.value())
  })
  reader.finish()
  if (!request || !response || !texts.has('endpoint')) return undefined
  return toEntry(new Members(texts), request, response)
}

function toEntry(members: Members, request: SplitJson, response: SplitJson): LogEntry {
  const version = members.value('v')
  if (version !== undefined && version !== OWN_VERSION) {
    throw new BadRecord(`record version ${JSON.stringify(version)} is unknown to this logdb`)
  }
  if (isNull(request)) throw new BadRecord('request is null')
  if (isNull(response)) throw new BadRecord('response is null')
  const timestamp = members.value('timestamp')
  const instant = typeof timestamp === 'string' ? parseTimestamp(timestamp) : undefined
  if (typeof timestamp !== 'string' || !instant) throw new BadRecord('timestamp is no ISO 8601 time')
  const endpoint = members.value('endpoint')
  if (typeof endpoint !== 'string' || endpoint === '') throw new BadRecord('endpoint is no text')
  const models = version === OWN_VERSION ? ownModels(members) : predecessorModels(request, response)
  const fields = { timestamp, endpoint, ...models, ...optionalFields(members, response) }
  return { fields, instant, request, response }
}

function ownModels(members: Members) {
  return { modelOriginal: members.text('model_original'), modelMapped: members.text('model_mapped') }
}

function predecessorModels(request: SplitJson, response: SplitJson) {
  const asked = new Members(request.members)
  return {
    modelOriginal: asked.text('_original_model') || asked.text('model'),
    modelMapped: new Members(response.members).text('model'),
  }
}

function optionalFields(members: Members, response: SplitJson) {
  const usage = members.object('usage') ?? new Members(response.members).object('usage') ?? {}
  const stream = members.value('stream')
  return {
    xRequestId: members.text('x_request_id'),
    method: members.text('method'),
    provider: members.text('provider'),
    stream: typeof stream === 'boolean' ? stream : null,
    statusCode: wholeNumber(members.value('status_code')),
    latencyMs: real(members.value('latency_ms')),
    ttfbMs: real(members.value('ttfb_ms')),
    overheadMs: real(members.value('overhead_ms')),
    apiKeyHash: members.text('api_key_hash'),
    apiKeyName: members.text('api_key_name'),
    xDialogId: members.text('dialog_id') || null,
    finishReason: members.text('finish_reason'),
    outcome: members.text('outcome'),
    tokensIn: wholeNumber(usage['prompt_tokens'] ?? usage['input_tokens']),
    tokensOut: wholeNumber(usage['completion_tokens'] ?? usage['output_tokens']),
    bytesIn: wholeNumber(members.value('bytes_in')),
    bytesOut: wholeNumber(members.value('bytes_out')),
    release: members.text('release'),
  }
}

/**
 * The id of a row: the same log gives the same ids wherever and however often it is read. A record's own
 * `x_request_id` goes in, so that two equal requests in one microsecond stay two.
 */
export function requestId(serverId: string, { fields, request, response }: LogEntry): string {
  const parts = [serverId, fields.timestamp, fields.endpoint, sha256(request), sha256(response)]
  if (fields.xRequestId) parts.push(fields.xRequestId)
  return createHash('sha256').update(parts.join('|')).digest('hex')
}

function sha256({ head, items, tail }: SplitJson): string {
  const hash = createHash('sha256').update(head)
  for (const [index, { json }] of items.entries()) {
    if (index > 0) hash.update(SEPARATOR)
    hash.update(json)
  }
  return hash.update(tail).digest('hex')
}

const isNull = ({ head }: SplitJson) => head.equals(NULL)
const NULL = Buffer.from('null')

/** Members of a JSON object, decoded when asked for. */
class Members {
  readonly #texts: ReadonlyMap<string, Buffer>

  constructor(texts: ReadonlyMap<string, Buffer>) {
    this.#texts = texts
  }

  /** Undefined if there is no such member, or if it holds what only Python calls JSON. */
  value(name: string): unknown {
    const json = this.#texts.get(name)
    if (!json) return undefined
    try {
      return JSON.parse(json.toString('utf8'))
    } catch {
      return undefined
    }
  }

  /** Null stays null; what is no text is given as its JSON. */
  text(name: string): string | null {
    const value = this.value(name)
    if (typeof value === 'string') return value
    return value === undefined || value === null ? null : (this.#texts.get(name)?.toString('utf8') ?? null)
  }

  object(name: string): Record<string, unknown> | undefined {
    const value = this.value(name)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  }
}

function wholeNumber(value: unknown): number | null {
  if (typeof value === 'string') return /^\s*[-+]?\d{1,15}\s*$/.test(value) ? Number(value) : null
  return typeof value === 'number' && Number.isSafeInteger(Math.trunc(value)) ? Math.trunc(value) : null
}

function real(value: unknown): number | null {
  if (typeof value === 'string') return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
