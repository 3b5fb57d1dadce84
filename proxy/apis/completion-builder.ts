import { isObject } from '../../kit/json.ts'
import { type Json, parseJson } from '../json/parse.ts'
import type { AnswerBuilder } from './api.ts'

interface Choice {
  index: number
  /** Only in chat. */
  message?: Json
  finish_reason: string | null
  [extra: string]: unknown
}

/** Members that a later piece may repeat but never continues. */
const WHOLE = new Set(['id', 'type', 'role', 'index', 'format'])
/** Members that describe the chunk, not the completion. */
const OF_THE_CHUNK = new Set(['object', 'choices', 'usage', 'error', 'obfuscation'])

/** Assembles the chunks of a streamed completion, of chat or of text. */
export class CompletionBuilder implements AnswerBuilder {
  readonly #object: string
  readonly #extras: Json = {}
  readonly #choices = new Map<number, Choice>()
  #usage: Json | null = null
  #error: unknown
  #isDone = false

  /** @param object the value of `object` in the whole answer */
  constructor(object: string) {
    this.#object = object
  }

  add(data: string): void {
    if (data.trim() === '[DONE]') this.#isDone = true
    else this.#addChunk(parseJson(data))
  }

  #addChunk(chunk: unknown): void {
    if (!isObject(chunk)) return
    for (const [name, value] of fieldsOf(chunk)) {
      if (!OF_THE_CHUNK.has(name) && value !== null) this.#extras[name] ??= value
    }
    if (isObject(chunk['usage'])) this.#usage = chunk['usage']
    if (chunk['error']) this.#error = chunk['error']
    if (Array.isArray(chunk['choices'])) for (const choice of chunk['choices']) this.#addChoice(choice)
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** True even without `[DONE]`, if every choice that began has ended. */
  get isWhole(): boolean {
    const choices = [...this.#choices.values()]
    return this.#isDone || (choices.length > 0 && choices.every((choice) => choice.finish_reason !== null))
  }

  get hasFailed(): boolean {
    return this.#error !== undefined
  }

  get finishReason(): string | null {
    const [first] = this.#inOrder()
    return first?.finish_reason ?? null
  }

  get usage(): Json | null {
    return this.#usage
  }

  toJson(): Buffer | undefined {
    if (this.#choices.size === 0 && !this.hasFailed && this.#usage === null) return undefined
    const { id, ...extras } = this.#extras
    const completion = {
      ...(id !== undefined && { id }),
      object: this.#object,
      ...extras,
      choices: this.#inOrder(),
      ...(this.#usage && { usage: this.#usage }),
      ...(this.hasFailed && { error: this.#error }),
    }
    return Buffer.from(JSON.stringify(completion))
  }

  dropContent(): void {
    for (const [index, { finish_reason }] of this.#choices) this.#choices.set(index, { index, finish_reason })
  }

  #inOrder(): Choice[] {
    return [...this.#choices.values()].sort((a, b) => a.index - b.index)
  }

  #addChoice(piece: unknown): void {
    if (!isObject(piece)) return
    const { index: givenIndex, delta, finish_reason: finishReason, ...extras } = piece
    const index = typeof givenIndex === 'number' ? givenIndex : 0
    let choice = this.#choices.get(index)
    if (!choice) {
      choice = { index, finish_reason: null }
      this.#choices.set(index, choice)
    }
    if (isObject(delta)) {
      choice.message ??= { role: 'assistant', content: null }
      merge(choice.message, delta)
    }
    if (typeof finishReason === 'string') choice.finish_reason = finishReason
    merge(choice, extras)
  }
}

function merge(whole: Json, piece: Json): void {
  for (const [name, value] of fieldsOf(piece)) {
    const known = Object.hasOwn(whole, name) ? whole[name] : undefined
    if (value === null) whole[name] = known ?? null
    else if (known === undefined || known === null) whole[name] = Array.isArray(value) ? mergeList([], value) : value
    else if (WHOLE.has(name)) continue
    else if (typeof known === 'string' && typeof value === 'string') whole[name] = known + value
    else if (Array.isArray(known) && Array.isArray(value)) whole[name] = mergeList(known, value)
    else if (isObject(known) && isObject(value)) merge(known, value)
    else whole[name] = value
  }
}

/** A piece continues the entry with the same index. A tool call without an index is a new entry if it has another id. */
function mergeList(list: unknown[], pieces: unknown[]): unknown[] {
  for (const piece of pieces) {
    const known = isObject(piece) ? list.find((entry) => isObject(entry) && continues(piece, entry, list)) : undefined
    if (isObject(known) && isObject(piece)) merge(known, piece)
    else list.push(piece)
  }
  return list
}

function continues(piece: Json, entry: Json, list: unknown[]): boolean {
  if (piece['index'] !== undefined) return piece['index'] === entry['index']
  const isToolCall = isObject(piece['function'])
  return isToolCall && entry === list.at(-1) && (piece['id'] === undefined || piece['id'] === entry['id'])
}

/** Without `__proto__`: a provider must not be able to set a prototype. */
function fieldsOf(json: Json): [string, unknown][] {
  return Object.entries(json).filter(([name]) => name !== '__proto__')
}
