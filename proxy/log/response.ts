import type { AnswerBuilder } from '../apis/api.ts'
import { scanJsonObject } from '../json-scan.ts'
import { isObject, type Json, parseJson } from './json.ts'

const LAST_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed'])

/**
 * Reads along with the events of a streamed Response. The last one holds the whole object, which is kept as the bytes it
 * came in; only of a stream that breaks off the pieces are put together.
 */
export class ResponseBuilder implements AnswerBuilder {
  /** As told when the stream began. */
  #started: Json | undefined
  readonly #items = new Map<number, Json>()
  #final: { json: Buffer; response: Json } | undefined
  #error: unknown

  add(data: string): void {
    const event = parseJson(data)
    if (!isObject(event)) return
    const { type, response, output_index: at } = event
    if (typeof type === 'string' && LAST_EVENTS.has(type) && isObject(response)) this.#finish(data, response)
    else if (type === 'error') this.#error = event['error'] ?? event
    else if (isObject(response)) this.#started = response
    else if (typeof at === 'number') this.#addPiece(at, event)
  }

  get done(): boolean {
    return this.#final !== undefined
  }

  get whole(): boolean {
    return this.done
  }

  get failed(): boolean {
    return this.#error !== undefined || isObject(this.#final?.response['error'])
  }

  get finishReason(): string | null {
    const response = this.#final?.response
    return response ? responseFinishReason(response['status'], response['incomplete_details']) : null
  }

  get usage(): Json | null {
    const usage = this.#final?.response['usage']
    return isObject(usage) ? usage : null
  }

  toJson(): Buffer | undefined {
    if (this.#final) return this.#final.json
    if (!this.#started && !this.failed) return undefined
    const output = [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item)
    const error = this.failed && { error: this.#error }
    return Buffer.from(JSON.stringify({ ...this.#started, ...(this.#started && { output }), ...error }))
  }

  dropContent(): void {
    this.#items.clear()
  }

  #finish(data: string, response: Json): void {
    const event = Buffer.from(data)
    const slice = scanJsonObject(event, ['response'])?.response
    if (slice) this.#final = { json: event.subarray(slice.start, slice.end), response }
  }

  #addPiece(at: number, { type, item, part, delta, content_index: partAt, summary_index: summaryAt }: Json): void {
    if (isObject(item)) {
      this.#items.set(at, item)
      return
    }
    const known = this.#items.get(at)
    if (!known) return
    const list = typeof summaryAt === 'number' ? 'summary' : 'content'
    const index = summaryAt ?? partAt
    if (typeof index === 'number' && isObject(part)) partsOf(known, list)[index] = part
    else if (typeof delta !== 'string') return
    else if (typeof index === 'number') append(partsOf(known, list)[index], type, delta)
    else append(known, type, delta)
  }
}

/** The event's name tells which member a piece belongs to. */
function append(target: unknown, type: unknown, delta: string): void {
  const name = MEMBER_OF_DELTA[String(type)]
  if (name && isObject(target)) target[name] = `${target[name] ?? ''}${delta}`
}

const MEMBER_OF_DELTA: Record<string, string> = {
  'response.output_text.delta': 'text',
  'response.reasoning_text.delta': 'text',
  'response.reasoning_summary_text.delta': 'text',
  'response.refusal.delta': 'refusal',
  'response.function_call_arguments.delta': 'arguments',
  'response.custom_tool_call_input.delta': 'input',
  'response.mcp_call_arguments.delta': 'arguments',
}

function partsOf(item: Json, list: 'content' | 'summary'): unknown[] {
  const known = item[list]
  if (Array.isArray(known)) return known
  const parts: unknown[] = []
  item[list] = parts
  return parts
}

/** `max_output_tokens` and the like for an answer that was cut short, else the status. */
export function responseFinishReason(status: unknown, details: unknown): string | null {
  const reason = status === 'incomplete' && isObject(details) ? details['reason'] : status
  return typeof reason === 'string' ? reason : null
}
