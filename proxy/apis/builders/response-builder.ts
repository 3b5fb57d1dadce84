import { isObject } from '../../../kit/json.ts'
import { isCutJson } from '../../json/cut.ts'
import { parseExact, stringifyExact, withPlainNumbers } from '../../json/exact.ts'
import type { Json } from '../../json/parse.ts'
import { scanJsonObject } from '../../json/scan.ts'
import type { AnswerBuilder, AnswerFacts } from '../api.ts'
import { errorIn, errorOfEvent } from '../json-facts.ts'
import { madeByItem, madeByResponse } from '../objects/made-objects.ts'

const FAILED = 'response.failed'
const LAST_EVENTS = new Set(['response.completed', 'response.incomplete', FAILED])

/** The response in the last event. */
interface Final extends AnswerFacts {
  /** Undefined once it is too large for the log. */
  json: Buffer | undefined
  error: unknown
  /** A call of a tool ends inside its arguments. */
  isCut: boolean
}

/**
 * Reads the events of a streamed Response. The last event holds the whole object, whose bytes are kept unchanged. Only if
 * a stream breaks off, the result is assembled from its pieces.
 */
export class ResponseBuilder implements AnswerBuilder {
  readonly made: string[] = []
  /** The response at the beginning of the stream. */
  #started: Json | undefined
  readonly #items = new Map<number, Json>()
  readonly #madeSoFar = new Set<string>()
  #final: Final | undefined
  #error: unknown

  add(data: string, name?: string): boolean {
    const event = parseExact(data)
    if (name === 'error') this.#error = errorOfEvent(event, data)
    else if (isObject(event)) this.#addEvent(event, data)
    return isObject(event)
  }

  #addEvent(event: Json, data: string): void {
    const { type, response, output_index: at } = event
    const made = isObject(response) ? madeByResponse(response) : madeByItem(event['item'], this.#started?.['store'])
    for (const id of made) this.#noteMade(id)
    if (typeof type === 'string' && LAST_EVENTS.has(type) && isObject(response)) this.#finish(type, data, response)
    else if (type === 'error' || event['error']) this.#error = errorIn(event)
    else if (isObject(response)) this.#started = response
    else if (typeof at === 'number') this.#addPiece(at, event)
  }

  #noteMade(id: string): void {
    if (this.#madeSoFar.has(id)) return
    this.#madeSoFar.add(id)
    this.made.push(id)
  }

  get isDone(): boolean {
    return this.#final !== undefined
  }

  get isWhole(): boolean {
    return this.#final !== undefined && !this.#final.isCut
  }

  get error(): unknown {
    return this.#error ?? this.#final?.error
  }

  get hasFailed(): boolean {
    return this.#error !== undefined || this.#final?.hasFailed === true
  }

  get finishReason(): string | null {
    return this.#final?.finishReason ?? null
  }

  get usage(): Json | null {
    return this.#final?.usage ?? null
  }

  toJson(): Buffer | undefined {
    if (this.#final) return this.#final.json
    if (!this.#started && !this.hasFailed) return undefined
    const output = [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item)
    const error = this.hasFailed && { error: this.#error }
    return Buffer.from(stringifyExact({ ...this.#started, ...(this.#started && { output }), ...error }))
  }

  dropContent(): void {
    this.#items.clear()
    if (this.#final) this.#final.json = undefined
  }

  #finish(type: string, data: string, { status, incomplete_details: details, usage, error, output }: Json): void {
    const event = Buffer.from(data)
    const slice = scanJsonObject(event, ['response'])?.response
    this.#final = {
      json: slice && event.subarray(slice.start, slice.end),
      finishReason: responseFinishReason(status, details),
      usage: isObject(usage) ? withPlainNumbers(usage) : null,
      hasFailed: type === FAILED || Boolean(error),
      error: error || undefined,
      isCut: status === 'completed' && Array.isArray(output) && output.some(isCutCall),
    }
  }

  #addPiece(at: number, event: Json): void {
    const { item, content_index: partAt, summary_index: summaryAt } = event
    const known = this.#items.get(at)
    if (isObject(item)) this.#items.set(at, item)
    else if (known && typeof summaryAt === 'number') addToPart(partsOf(known, 'summary'), summaryAt, event)
    else if (known && typeof partAt === 'number') addToPart(partsOf(known, 'content'), partAt, event)
    else if (known) append(known, event)
  }
}

function isCutCall(item: unknown): boolean {
  return isObject(item) && typeof item['arguments'] === 'string' && isCutJson(item['arguments'])
}

/** A new part always follows the last one. */
function addToPart(parts: unknown[], index: number, event: Json): void {
  const { part, annotation } = event
  const known = parts[index]
  if (isObject(part) && (known || index === parts.length)) parts[index] = part
  else if (isObject(known) && annotation) known['annotations'] = [known['annotations'] ?? [], annotation].flat()
  else if (isObject(known)) append(known, event)
}

/** The name of the event decides which member the piece continues. */
function append(target: Json, { type, delta }: Json): void {
  const name = MEMBER_OF_DELTA.get(type)
  if (name && typeof delta === 'string') target[name] = `${target[name] ?? ''}${delta}`
}

const MEMBER_OF_DELTA = new Map<unknown, string>([
  ['response.output_text.delta', 'text'],
  ['response.reasoning_text.delta', 'text'],
  ['response.reasoning_summary_text.delta', 'text'],
  ['response.refusal.delta', 'refusal'],
  ['response.function_call_arguments.delta', 'arguments'],
  ['response.custom_tool_call_input.delta', 'input'],
  ['response.mcp_call_arguments.delta', 'arguments'],
  ['response.code_interpreter_call_code.delta', 'code'],
])

function partsOf(item: Json, list: 'content' | 'summary'): unknown[] {
  const known = item[list]
  if (Array.isArray(known)) return known
  const parts: unknown[] = []
  item[list] = parts
  return parts
}

/** The reason, such as `max_output_tokens`, if the answer was cut short; else the status. */
export function responseFinishReason(status: unknown, details: unknown): string | null {
  const reason = status === 'incomplete' && isObject(details) ? details['reason'] : status
  return typeof reason === 'string' ? reason : null
}
