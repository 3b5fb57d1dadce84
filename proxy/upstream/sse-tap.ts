import { createParser, type EventSourceParser } from 'eventsource-parser'
import type { AnswerBuilder } from '../apis/api.ts'
import { type BodyLogOptions, Excerpt, type LoggedBody, logJson } from '../log/body.ts'

/** In characters. */
const MAX_EVENT_LENGTH = 32 * 2 ** 20

/** Reads along with an event stream without being in its way. */
export class SseTap {
  readonly answer: AnswerBuilder
  /** Events that have come, the API's sign of the end included. */
  eventCount = 0
  readonly #options: BodyLogOptions
  readonly #decoder = new TextDecoder()
  #parser: EventSourceParser
  /** Characters of the events whose content is held. */
  #heldLength = 0
  #excerpt: Excerpt | undefined

  constructor(answer: AnswerBuilder, options: BodyLogOptions) {
    this.answer = answer
    this.#options = options
    this.#parser = this.#createParser()
  }

  push(bytes: Buffer): void {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }))
  }

  /** The stream has ended; its last event may lack the blank line. */
  end(): void {
    this.#parser.feed(`${this.#decoder.decode()}\n\n`)
  }

  /** What the events amount to; undefined if nothing came. */
  logged(model: string | null): LoggedBody | undefined {
    const json = this.answer.toJson()
    if (!this.#excerpt) return json && logJson(json, model, this.#options)
    if (json) this.#excerpt.push(json)
    return this.#excerpt.toBody(model)
  }

  /** An event without end is given up; what follows it is read again. */
  #createParser(): EventSourceParser {
    return createParser({
      maxBufferSize: MAX_EVENT_LENGTH,
      onEvent: ({ data, event }) => this.#add(data, event),
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') this.#parser = this.#createParser()
      },
    })
  }

  #add(data: string, event: string | undefined): void {
    this.eventCount++
    this.#heldLength += data.length
    this.answer.add(data, event)
    if (this.#heldLength > this.#options.bodyMaxBytes) this.#dropContent()
  }

  /** Too much for the log: what came so far goes into the excerpt; how the answer ends is still followed. */
  #dropContent(): void {
    this.#excerpt ??= new Excerpt()
    const json = this.answer.toJson()
    if (json) this.#excerpt.push(json)
    this.answer.dropContent()
    this.#heldLength = 0
  }
}
