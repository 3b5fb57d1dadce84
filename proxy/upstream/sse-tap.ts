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
  /** An event could not be read: what came before it stays, and how the answer ends is not known. */
  isBroken = false
  readonly #options: BodyLogOptions
  readonly #decoder = new TextDecoder()
  #parser: EventSourceParser
  /** About what the answer holds, or more, in characters. */
  #heldLength = 0
  #excerpt: Excerpt | undefined

  constructor(answer: AnswerBuilder, options: BodyLogOptions) {
    this.answer = answer
    this.#options = options
    this.#parser = this.#createParser()
  }

  push(bytes: Buffer): void {
    this.#feed(this.#decoder.decode(bytes, { stream: true }))
  }

  /** The stream has ended; its last event may lack the blank line. */
  end(): void {
    this.#feed(`${this.#decoder.decode()}\n\n`)
  }

  /** What the events amount to; undefined if nothing came. */
  logged(model: string | null): LoggedBody | undefined {
    const json = this.answer.toJson()
    if (this.#excerpt) {
      if (json) this.#excerpt.push(json)
      return this.#excerpt.toBody(model)
    }
    const body = json && logJson(json, model, this.#options)
    return body && { ...body, truncated: body.truncated || this.isBroken }
  }

  /** Nothing that a provider sends may stop the stream itself. */
  #feed(text: string): void {
    if (this.isBroken) return
    try {
      this.#parser.feed(text)
    } catch {
      this.isBroken = true
    }
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
    if (this.#heldLength > this.#options.bodyMaxBytes) this.#measure()
  }

  /**
   * Events are far longer than what they add to the answer. At least half the limit comes before the next look, so that
   * looking costs no more than reading.
   */
  #measure(): void {
    const json = this.answer.toJson() ?? Buffer.alloc(0)
    const { bodyMaxBytes } = this.#options
    if (this.#excerpt || json.length > bodyMaxBytes) this.#dropContent(json)
    else this.#heldLength = Math.min(json.length, Math.floor(bodyMaxBytes / 2))
  }

  /** Too much for the log: what came so far goes into the excerpt; how the answer ends is still followed. */
  #dropContent(json: Buffer): void {
    this.#excerpt ??= new Excerpt()
    this.#excerpt.push(json)
    this.answer.dropContent()
    this.#heldLength = 0
  }
}
