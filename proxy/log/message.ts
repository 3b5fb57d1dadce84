import type { AnswerBuilder } from '../apis/api.ts'
import { isObject, type Json, parseJson } from './json.ts'

/** A block of a message while its pieces come. */
interface Block {
  content: Json
  /** The input of a tool comes as pieces of JSON text. */
  inputJson: string
}

/**
 * Puts the events of a streamed Anthropic Message together again:
 * https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
export class MessageBuilder implements AnswerBuilder {
  #message: Json | undefined
  #blocks = new Map<unknown, Block>()
  #error: unknown
  #done = false

  add(data: string): void {
    const event = parseJson(data)
    if (!isObject(event)) return
    const { type, index, message, content_block: block, delta, usage } = event
    if (type === 'message_start' && isObject(message)) this.#message = { ...message }
    else if (type === 'content_block_start' && isObject(block))
      this.#blocks.set(index, { content: block, inputJson: '' })
    else if (type === 'content_block_delta' && isObject(delta)) this.#continueBlock(index, delta)
    else if (type === 'message_delta') this.#change(delta, usage)
    else if (type === 'message_stop') this.#done = true
    else if (type === 'error') this.#error = event['error'] ?? event
  }

  get done(): boolean {
    return this.#done
  }

  get whole(): boolean {
    return this.#done
  }

  get failed(): boolean {
    return this.#error !== undefined
  }

  get finishReason(): string | null {
    const reason = this.#message?.['stop_reason']
    return typeof reason === 'string' ? reason : null
  }

  get usage(): Json | null {
    const usage = this.#message?.['usage']
    return isObject(usage) ? usage : null
  }

  toJson(): Buffer | undefined {
    if (!this.#message && !this.failed) return undefined
    const content = [...this.#blocks.values()].map(finishBlock)
    return Buffer.from(
      JSON.stringify({
        ...this.#message,
        ...(this.#message && { content }),
        ...(this.failed && { error: this.#error }),
      }),
    )
  }

  dropContent(): void {
    for (const block of this.#blocks.values()) {
      block.content = { type: block.content['type'] }
      block.inputJson = ''
    }
  }

  #continueBlock(index: unknown, delta: Json): void {
    const block = this.#blocks.get(index)
    if (!block) return
    const { content } = block
    if (typeof delta['partial_json'] === 'string') block.inputJson += delta['partial_json']
    if (isObject(delta['citation'])) content['citations'] = [...listOf(content['citations']), delta['citation']]
    for (const name of ['text', 'thinking', 'signature']) {
      const piece = delta[name]
      if (typeof piece === 'string') content[name] = `${content[name] ?? ''}${piece}`
    }
  }

  /** Counts of tokens are totals; later ones replace earlier ones. */
  #change(delta: unknown, usage: unknown): void {
    if (!this.#message) return
    if (isObject(delta)) Object.assign(this.#message, delta)
    if (isObject(usage)) this.#message['usage'] = { ...this.usage, ...usage }
  }
}

/** An input that was cut off stays the text that it is. */
function finishBlock({ content, inputJson }: Block): Json {
  return inputJson === '' ? content : { ...content, input: parseJson(inputJson) ?? inputJson }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
