import { isObject } from '../../../kit/json.ts'
import { isCutJson } from '../../json/cut.ts'
import { applyEdits } from '../../json/edit.ts'
import { parseExact, stringifyExact, withPlainNumbers } from '../../json/exact.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import { scanInnerObject } from '../../json/scan.ts'
import type { AnswerBuilder } from '../api.ts'
import { errorIn, errorOfEvent } from '../json-facts.ts'
import { madeByBlock, madeByContainer, madeByMessage } from '../objects/made-objects.ts'

/** A limit or a filter may end an answer inside a call; the client sees the reason. */
const ENDS_ANYWHERE = new Set(['max_tokens', 'model_context_window_exceeded', 'refusal'])

/** A block of a message whose pieces are still arriving. */
interface Block {
  content: Json
  /** The input of a tool, which arrives as pieces of JSON text. */
  inputJson: string
}

/**
 * Assembles the events of a streamed Anthropic Message:
 * https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
export class MessageBuilder implements AnswerBuilder {
  readonly made: string[] = []
  #message: Json | undefined
  #blocks = new Map<unknown, Block>()
  #error: unknown
  #isDone = false

  add(data: string, name?: string): boolean {
    const event = parseExact(data)
    if (name === 'error') this.#error = errorOfEvent(event, data)
    else if (isObject(event)) this.#addEvent(event)
    return isObject(event)
  }

  #addEvent(event: Json): void {
    const { type, index, message, content_block: block, delta } = event
    if (type === 'message_start' && isObject(message)) this.#start(message)
    else if (type === 'content_block_start' && isObject(block)) this.#startBlock(index, block)
    else if (type === 'content_block_delta' && isObject(delta)) this.#continueBlock(index, delta)
    else if (type === 'message_delta') this.#change(event)
    else if (type === 'message_stop') this.#isDone = true
    else this.#error = errorIn(event) ?? this.#error
  }

  get isDone(): boolean {
    return this.#isDone
  }

  get isWhole(): boolean {
    if (!this.#isDone || !this.#message) return false
    const isLimited = ENDS_ANYWHERE.has(this.finishReason ?? '')
    return isLimited || ![...this.#blocks.values()].some(({ inputJson }) => isCutJson(inputJson))
  }

  get error(): unknown {
    return this.#error
  }

  get hasFailed(): boolean {
    return this.#error !== undefined
  }

  get finishReason(): string | null {
    const reason = this.#message?.['stop_reason']
    return typeof reason === 'string' ? reason : null
  }

  get usage(): Json | null {
    const usage = this.#message?.['usage']
    return isObject(usage) ? withPlainNumbers(usage) : null
  }

  toJson(): Buffer | undefined {
    if (!this.#message && !this.hasFailed) return undefined
    const answer = { ...this.#message, ...(this.hasFailed && { error: this.#error }) }
    if (!this.#message) return Buffer.from(stringifyExact(answer))
    const content = [...this.#blocks.values()].map(blockJson)
    return Buffer.from(withMember(answer, 'content', `[${content.join(',')}]`))
  }

  dropContent(): void {
    for (const block of this.#blocks.values()) {
      block.content = { type: block.content['type'] }
      block.inputJson = ''
    }
  }

  #start(message: Json): void {
    this.#message = { ...message }
    this.made.push(...madeByMessage(message))
  }

  #startBlock(index: unknown, content: Json): void {
    this.made.push(...madeByBlock(content))
    this.#blocks.set(index, { content, inputJson: '' })
  }

  #continueBlock(index: unknown, delta: Json): void {
    const block = this.#blocks.get(index)
    if (!block) return
    const { content } = block
    if (typeof delta['partial_json'] === 'string') block.inputJson += delta['partial_json']
    if (delta['type'] === 'compaction_delta') block.content = { ...delta, type: content['type'] }
    if (isObject(delta['citation'])) content['citations'] = [...listOf(content['citations']), delta['citation']]
    for (const name of ['text', 'thinking', 'signature']) {
      const piece = delta[name]
      if (typeof piece === 'string') content[name] = `${content[name] ?? ''}${piece}`
    }
  }

  /** Token counts are totals: a later one replaces an earlier one, unless it is null, or 0 and so says nothing. */
  #change({ type: _type, delta, usage, ...more }: Json): void {
    if (!this.#message) return
    if (isObject(delta)) this.made.push(...madeByContainer(delta['container']))
    this.#message = { ...this.#message, ...(isObject(delta) && delta), ...withoutNulls(more) }
    if (isObject(usage)) this.#message['usage'] = totals(usageOf(this.#message), usage)
  }
}

/** Keeps the input as it arrived, so that large numbers stay exact; an input that was cut off is kept as a string. */
function blockJson({ content, inputJson }: Block): string {
  if (inputJson === '') return stringifyExact(content)
  const isWhole = parseJson(inputJson) !== undefined
  return withMember(content, 'input', isWhole ? inputJson : JSON.stringify(inputJson))
}

/** JSON of an object with one more member, whose value is JSON already. */
function withMember(object: Json, name: string, json: string): string {
  const around = Buffer.from(stringifyExact({ ...object, [name]: null }))
  const place = scanInnerObject(around, 0, [name])[name]
  return applyEdits(around, place ? [{ ...place, text: json }] : []).toString()
}

function totals(before: Json, usage: Json): Json {
  const news = Object.entries(usage).filter(([name, count]) => count !== null && !(count === 0 && before[name]))
  return { ...usage, ...before, ...Object.fromEntries(news) }
}

function usageOf({ usage }: Json): Json {
  return isObject(usage) ? usage : {}
}

function withoutNulls(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
