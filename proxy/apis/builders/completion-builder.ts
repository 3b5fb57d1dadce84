import { isObject } from '../../../kit/json.ts'
import { isCutJson } from '../../json/cut.ts'
import { parseExact, stringifyExact, withPlainNumbers } from '../../json/exact.ts'
import type { Json } from '../../json/parse.ts'
import type { AnswerBuilder } from '../api.ts'
import { errorIn, errorOfEvent } from '../json-facts.ts'
import { mergeFact, mergePiece, namesIn } from './merge-pieces.ts'

interface Choice {
  index: number
  /** Only in chat. */
  message?: Json
  finish_reason: string | null
  [extra: string]: unknown
}

/** A limit or a filter may end an answer inside a call; the client sees the reason. */
const ENDS_ANYWHERE = new Set(['length', 'max_tokens', 'content_filter', 'error'])
/** Members that describe the chunk, not the completion. */
const OF_THE_CHUNK = new Set(['object', 'choices', 'usage', 'error', 'obfuscation'])
/** Members of a choice that the builder reads itself. */
const OF_THE_CHOICE = new Set(['index', 'delta', 'finish_reason'])

/** Assembles the chunks of a streamed completion, of chat or of text. */
export class CompletionBuilder implements AnswerBuilder {
  readonly #object: string
  readonly #choicesAsked: number
  readonly #extras: Json = {}
  readonly #choices = new Map<number, Choice>()
  #usage: Json | null = null
  #error: unknown
  #isDone = false
  /** A choice went on after its reason to end, so only the mark of the end shows the end. */
  #hasFalseEnd = false

  /**
   * @param object the value of `object` in the whole answer
   * @param choicesAsked the number of choices that the request asked for; some providers send only one
   */
  constructor(object: string, choicesAsked = 1) {
    this.#object = object
    this.#choicesAsked = choicesAsked
  }

  add(data: string, event?: string): boolean {
    if (data.trim() === '[DONE]') {
      this.#isDone = true
      return true
    }
    const chunk = parseExact(data)
    if (event === 'error') this.#error = errorOfEvent(chunk, data)
    this.#addChunk(chunk)
    return isObject(chunk)
  }

  #addChunk(chunk: unknown): void {
    if (Array.isArray(chunk)) this.#error = chunk.filter(isObject).map(errorIn).find(Boolean) ?? this.#error
    if (!isObject(chunk)) return
    for (const name of namesIn(chunk)) {
      const value = chunk[name]
      if (!OF_THE_CHUNK.has(name) && value !== null) this.#extras[name] ||= value
    }
    const usage = chunk['usage'] ?? groqUsage(chunk)
    if (isObject(usage)) this.#usage = usage
    this.#error = errorIn(chunk) ?? this.#error
    if (Array.isArray(chunk['choices'])) for (const choice of chunk['choices']) this.#addChoice(choice)
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /**
   * True if every choice that began has ended, and no call of a tool is cut. Without `[DONE]` as many choices are needed as
   * the request asked for.
   */
  get isWhole(): boolean {
    const choices = [...this.#choices.values()]
    const isLong = this.#isDone || (choices.length >= this.#choicesAsked && !this.#hasFalseEnd)
    return isLong && choices.length > 0 && choices.every(hasEnded)
  }

  get error(): unknown {
    return this.#error
  }

  get hasFailed(): boolean {
    return this.#error !== undefined
  }

  get finishReason(): string | null {
    const [first] = this.#inOrder()
    return first?.finish_reason ?? null
  }

  get usage(): Json | null {
    return withPlainNumbers(this.#usage)
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
    return Buffer.from(stringifyExact(completion))
  }

  dropContent(): void {
    for (const [index, { finish_reason }] of this.#choices) this.#choices.set(index, { index, finish_reason })
  }

  #inOrder(): Choice[] {
    return [...this.#choices.values()].sort((a, b) => a.index - b.index)
  }

  #addChoice(piece: unknown): void {
    if (!isObject(piece)) return
    const { index: givenIndex, delta, finish_reason: finishReason, error } = piece
    if (error) this.#error = error
    const index = typeof givenIndex === 'number' ? givenIndex : 0
    let choice = this.#choices.get(index)
    if (!choice) {
      choice = { index, finish_reason: null }
      this.#choices.set(index, choice)
    }
    if (choice.finish_reason !== null && continuesText(delta, piece)) this.#hasFalseEnd = true
    if (isObject(delta)) {
      choice.message ??= { role: 'assistant', content: null }
      mergePiece(choice.message, delta)
    }
    if (typeof finishReason === 'string' && finishReason.trim() !== '') choice.finish_reason = finishReason
    for (const name of namesIn(piece)) if (!OF_THE_CHOICE.has(name)) mergeFact(choice, name, piece[name])
  }
}

function continuesText(delta: unknown, { text }: Json): boolean {
  return Boolean(text) || (isObject(delta) && Boolean(delta['content'] || delta['tool_calls']))
}

function hasEnded({ message, finish_reason: reason }: Choice): boolean {
  if (reason === null) return false
  if (!message || ENDS_ANYWHERE.has(reason)) return true
  const { tool_calls: calls, function_call: older } = message
  const called = Array.isArray(calls) ? calls.map((call) => (isObject(call) ? call['function'] : undefined)) : []
  return ![...called, older].some((call) => {
    const given = isObject(call) ? call['arguments'] : undefined
    return typeof given === 'string' && isCutJson(given)
  })
}

/** Groq's usage of a stream. */
function groqUsage({ x_groq: groq }: Json): unknown {
  return isObject(groq) ? groq['usage'] : undefined
}
