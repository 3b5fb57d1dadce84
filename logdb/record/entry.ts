import { hash } from 'node:crypto'
import { ByName } from '../canon/by-name.ts'
import { ByteSink } from '../canon/byte-sink.ts'
import { CanonicalReader, canonicalJson, type Visit } from '../canon/canonical-reader.ts'
import { jsonValue } from '../canon/json-value.ts'
import { dropInvalidUtf8, storableText } from '../canon/utf8.ts'
import { type Body, type KnownMessages, readBody, requestVisit, visitRequest, visitResponse } from './body.ts'
import { type Instant, parseTimestamp } from './timestamp.ts'

/** Our own records say `"v": 1`; the predecessor's have no such field. */
const OWN_VERSION = 1
const NULL = Buffer.from('null')

/** A record that was read but cannot become a row; the message says why. */
export class BadRecord extends Error {
  override readonly name = 'BadRecord'
}

/** What a record says in addition to its bodies, in the units of the table: seconds for `ts`, milliseconds for `_ms`. */
export interface EntryFields {
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
  dispatchedMs: number | null
  retries: number | null
  apiKeyHash: string | null
  apiKeyName: string | null
  xDialogId: string | null
  dialogSource: string | null
  traceId: string | null
  finishReason: string | null
  outcome: string | null
  tokensIn: number | null
  tokensOut: number | null
  tokensCacheRead: number | null
  tokensCacheWrite5m: number | null
  tokensCacheWrite1h: number | null
  tokensReasoning: number | null
  /** As the provider says it. */
  cost: number | null
  bytesIn: number | null
  bytesOut: number | null
  release: string | null
}

/** One logged request; its bodies stand in the reader's sink. */
export interface LogEntry {
  fields: EntryFields
  instant: Instant
  request: Body
  response: Body
}

/** Reads records, ours or the predecessor's. */
export class EntryReader {
  readonly #reader = new CanonicalReader()
  readonly #bodies: ByName<Visit>
  #request: Body | undefined
  #response: Body | undefined
  /** The text of the record with a number instead of each body, as far as it has been read. */
  #envelope = ''
  #envelopeTo = 0

  constructor(known?: KnownMessages) {
    const visit = known ? requestVisit(known) : visitRequest
    this.#bodies = new ByName<Visit>({
      request: () => {
        this.#request = this.#body(visit)
      },
      response: () => {
        this.#response = this.#body(visitResponse)
      },
    })
  }

  /** Where the bodies of all entries that were read stand. */
  get sink(): ByteSink {
    return this.#reader.sink
  }

  /** Takes the sink away, and puts a new one in its place. */
  takeSink(sizeBytes: number): ByteSink {
    const { sink } = this.#reader
    this.#reader.sink = new ByteSink(sizeBytes)
    return sink
  }

  /** What the entry that was read last was read from. */
  get source(): Buffer {
    return this.#reader.source
  }

  /**
   * Reads one record. Undefined for a JSON object that is not a record of a request.
   * @throws InvalidJson, BadRecord
   */
  read(bytes: Buffer): LogEntry | undefined {
    const reader = this.#reader
    reader.begin(dropInvalidUtf8(bytes))
    this.#request = undefined
    this.#response = undefined
    this.#envelope = ''
    this.#envelopeTo = 0
    reader.pick(this.#bodies)
    reader.finish()
    const members = new Members(reader.source, this.#envelope + reader.source.toString('utf8', this.#envelopeTo))
    const [request, response] = [this.#request, this.#response]
    if (!request || !response || !members.has('endpoint')) return undefined
    return toEntry(members, reader.sink, request, response)
  }

  #body(visit: Visit): Body {
    const { source, at } = this.#reader
    const body = readBody(this.#reader, visit)
    this.#envelope += `${source.toString('utf8', this.#envelopeTo, at)}0`
    this.#envelopeTo = this.#reader.at
    return body
  }
}

function toEntry(members: Members, sink: ByteSink, request: Body, response: Body): LogEntry {
  const isOwn = isOwnRecord(members)
  if (isNull(sink, request)) throw new BadRecord('request is null')
  if (isNull(sink, response)) throw new BadRecord('response is null')
  const { timestamp, instant } = timeOf(members)
  const endpoint = members.value('endpoint')
  if (typeof endpoint !== 'string' || endpoint === '') throw new BadRecord('endpoint is not a string')
  const stream = members.value('stream')
  const fields = {
    timestamp,
    endpoint: storableText(endpoint),
    modelOriginal: isOwn ? members.text('model_original') : askedModel(sink, request),
    modelMapped: isOwn ? members.text('model_mapped') : textAt(sink, fact(response, 'model')),
    xRequestId: members.text('x_request_id'),
    method: members.text('method'),
    provider: members.text('provider'),
    stream: typeof stream === 'boolean' ? stream : null,
    statusCode: wholeNumber(members.value('status_code')),
    latencyMs: real(members.value('latency_ms')),
    ttfbMs: real(members.value('ttfb_ms')),
    overheadMs: real(members.value('overhead_ms')),
    dispatchedMs: real(members.value('dispatched_ms')),
    retries: wholeNumber(members.value('retries')),
    apiKeyHash: members.text('api_key_hash'),
    apiKeyName: members.text('api_key_name'),
    xDialogId: members.text('dialog_id') || null,
    dialogSource: members.text('dialog_source'),
    traceId: members.text('trace_id'),
    finishReason: members.text('finish_reason'),
    outcome: members.text('outcome'),
    ...tokensOf(members, valueAt(sink, fact(response, 'usage'))),
    bytesIn: wholeNumber(members.value('bytes_in')),
    bytesOut: wholeNumber(members.value('bytes_out')),
    release: members.text('release'),
  }
  return { fields, instant, request, response }
}

/** @param usageOfAnswer for records that do not count tokens themselves */
function tokensOf(members: Members, usageOfAnswer: unknown) {
  const usage = asObject(members.value('usage')) ?? asObject(usageOfAnswer) ?? {}
  return {
    tokensIn: wholeNumber(members.value('tokens_in') ?? usage['prompt_tokens'] ?? usage['input_tokens']),
    tokensOut: wholeNumber(members.value('tokens_out') ?? usage['completion_tokens'] ?? usage['output_tokens']),
    tokensCacheRead: wholeNumber(members.value('tokens_cache_read')),
    tokensCacheWrite5m: wholeNumber(members.value('tokens_cache_write_5m')),
    tokensCacheWrite1h: wholeNumber(members.value('tokens_cache_write_1h')),
    tokensReasoning: wholeNumber(members.value('tokens_reasoning')),
    cost: real(usage['cost']),
  }
}

/** @throws BadRecord */
function isOwnRecord(members: Members): boolean {
  const version = members.value('v')
  if (version !== undefined && version !== OWN_VERSION) {
    throw new BadRecord(`record version ${JSON.stringify(version)} is unknown to this logdb`)
  }
  return version === OWN_VERSION
}

/** @throws BadRecord */
function timeOf(members: Members): { timestamp: string; instant: Instant } {
  const timestamp = members.value('timestamp')
  const instant = typeof timestamp === 'string' ? parseTimestamp(timestamp) : undefined
  if (typeof timestamp !== 'string' || !instant) throw new BadRecord('timestamp is not an ISO 8601 time')
  return { timestamp, instant }
}

/**
 * The id of a row from the SHA-256 of both bodies: the same log gives the same ids wherever and however often it is read.
 * A record's own `x_request_id` is part of it, so that two equal requests in one microsecond stay two.
 */
export function requestId(
  serverId: string,
  fields: Pick<EntryFields, 'timestamp' | 'endpoint' | 'xRequestId'>,
  requestSha256: string,
  responseSha256: string,
): string {
  const text = `${serverId}|${fields.timestamp}|${fields.endpoint}|${requestSha256}|${responseSha256}`
  return hash('sha256', fields.xRequestId ? `${text}|${fields.xRequestId}` : text, 'hex')
}

type MemberName =
  | 'v'
  | 'timestamp'
  | 'x_request_id'
  | 'endpoint'
  | 'method'
  | 'status_code'
  | 'latency_ms'
  | 'ttfb_ms'
  | 'overhead_ms'
  | 'dispatched_ms'
  | 'retries'
  | 'provider'
  | 'model_original'
  | 'model_mapped'
  | 'stream'
  | 'api_key_hash'
  | 'api_key_name'
  | 'dialog_id'
  | 'dialog_source'
  | 'trace_id'
  | 'finish_reason'
  | 'usage'
  | 'tokens_in'
  | 'tokens_out'
  | 'tokens_cache_read'
  | 'tokens_cache_write_5m'
  | 'tokens_cache_write_1h'
  | 'tokens_reasoning'
  | 'outcome'
  | 'bytes_in'
  | 'bytes_out'
  | 'release'

/** Members of a record in addition to its bodies. */
class Members {
  readonly #source: Buffer
  readonly #values: Partial<Record<MemberName, unknown>>

  /** `envelope` is the text of `source` without its bodies. @throws InvalidJson */
  constructor(source: Buffer, envelope: string) {
    this.#source = source
    this.#values = parseEnvelope(source, envelope)
  }

  has(name: MemberName): boolean {
    return this.#values[name] !== undefined
  }

  value(name: MemberName): unknown {
    return this.#values[name]
  }

  /** A text as it can be stored; null stays null; any other value becomes its canonical JSON. */
  text(name: MemberName): string | null {
    const value = this.#values[name] ?? null
    if (typeof value === 'string') return storableText(value)
    return value === null ? null : canonicalMember(this.#source, name)
  }
}

/** NaN and infinities, which only Python accepts as JSON, become null. */
function parseEnvelope(source: Buffer, envelope: string): Partial<Record<MemberName, unknown>> {
  try {
    return JSON.parse(envelope)
  } catch {
    canonicalJson(source) // throws with the place if the JSON is broken
    return JSON.parse(canonicalJson(Buffer.from(envelope), { nonFiniteAsNull: true }).toString())
  }
}

/** For the few that are not texts: numbers are kept as they are written. */
function canonicalMember(source: Buffer, name: MemberName): string {
  const reader = new CanonicalReader()
  reader.begin(source)
  const write: Visit = ({ sink }) => {
    sink.length = 0
    reader.value()
  }
  reader.pick(new ByName({ [name]: write }))
  return reader.sink.view(0, reader.sink.length).toString()
}

/** Where a value stands in the sink. */
interface Place {
  start: number
  end: number
}

/** Undefined if there is none, or one that only Python accepts as JSON. */
function valueAt({ bytes }: ByteSink, place: Place | undefined): unknown {
  return place && jsonValue(bytes, place.start, place.end)
}

/** Null stays null; any value that is not a text becomes its JSON. */
function textAt(sink: ByteSink, place: Place | undefined): string | null {
  const value = valueAt(sink, place)
  if (typeof value === 'string') return value
  return value === undefined || value === null || !place ? null : sink.bytes.toString('utf8', place.start, place.end)
}

function fact({ facts }: Body, name: string): Place | undefined {
  return facts.find((mark) => mark.name === name)
}

function askedModel(sink: ByteSink, request: Body): string | null {
  return textAt(sink, fact(request, '_original_model')) || textAt(sink, fact(request, 'model'))
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function isNull(sink: ByteSink, { start, end }: Body): boolean {
  return end - start === NULL.length && sink.view(start, end).equals(NULL)
}

function wholeNumber(value: unknown): number | null {
  if (typeof value === 'string') return /^\s*[-+]?\d{1,15}\s*$/.test(value) ? Number(value) : null
  return typeof value === 'number' && Number.isSafeInteger(Math.trunc(value)) ? Math.trunc(value) : null
}

function real(value: unknown): number | null {
  if (typeof value === 'string') return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
