import { createParser, type EventSourceParser } from 'eventsource-parser'
import { CARRIAGE_RETURN } from '../../../kit/ascii.ts'
import type { AnswerBuilder } from '../../apis/api.ts'
import { type BodyLogOptions, Excerpt, type LoggedBody, logJson } from '../../log/body.ts'

/** Characters of one event. */
const MAX_EVENT_LENGTH = 32 * 2 ** 20

/** Reads a copy of an event stream, without delaying the stream. */
export class SseTap {
  readonly answer: AnswerBuilder
  /** Events so far, including the API's mark of the end. */
  eventCount = 0
  /** The number of the event that is the API's mark of the end; 0 while there was none. */
  doneAt = 0
  /** An event could not be read: the content before it is kept, and it is not known how the answer ends. */
  isBroken = false
  /** The last bytes hold something that is not an event of the API, such as a comment. */
  hasOddLines = false
  readonly #options: BodyLogOptions
  readonly #decoder = new TextDecoder()
  #parser: EventSourceParser
  /** An upper estimate of the answer's length, in characters. */
  #heldLength = 0
  #excerpt: Excerpt | undefined

  constructor(answer: AnswerBuilder, options: BodyLogOptions) {
    this.answer = answer
    this.#options = options
    this.#parser = this.#createParser()
  }

  /** Takes whole events. */
  push(bytes: Buffer): void {
    this.hasOddLines = false
    this.#feed(this.#decoder.decode(bytes, { stream: true }))
    // The parser would wait for the second half of the line break.
    if (bytes[bytes.length - 1] === CARRIAGE_RETURN) this.#feed('\n')
  }

  /** The stream has ended; its last event may lack the blank line. */
  end(): void {
    this.#feed(`${this.#decoder.decode()}\n\n`)
  }

  /** The assembled answer; undefined if nothing arrived. */
  logged(model: string | null): LoggedBody | undefined {
    const json = this.answer.toJson()
    if (this.#excerpt) {
      if (json) this.#excerpt.push(json)
      return this.#excerpt.toBody(model)
    }
    const body = json && logJson(json, model, this.#options)
    return body && { ...body, truncated: body.truncated || this.isBroken }
  }

  /** Nothing that a provider sends may break the stream to the client. */
  #feed(text: string): void {
    if (this.isBroken) return
    try {
      this.#parser.feed(text)
    } catch {
      this.isBroken = true
    }
  }

  /** Gives up an event that does not end, and reads the events after it. */
  #createParser(): EventSourceParser {
    return createParser({
      maxBufferSize: MAX_EVENT_LENGTH,
      onEvent: ({ data, event }) => this.#add(data, event),
      onComment: () => {
        this.hasOddLines = true
      },
      onError: ({ type }) => {
        this.hasOddLines = true
        if (type === 'max-buffer-size-exceeded') this.#parser = this.#createParser()
      },
    })
  }

  #add(data: string, event: string | undefined): void {
    this.eventCount++
    // Clients stop reading here, so nothing after it belongs to the answer.
    if (this.doneAt > 0) return
    this.#heldLength += data.length
    if (!this.answer.add(data, event)) this.hasOddLines = true
    if (this.answer.isDone) this.doneAt = this.eventCount
    if (this.#heldLength > this.#options.bodyMaxBytes) this.#measure()
  }

  /**
   * Measures the answer, because events are much longer than the text that they add to it. At least half the limit arrives
   * before the next measurement, so that measuring costs no more than reading.
   */
  #measure(): void {
    const json = this.answer.toJson() ?? Buffer.alloc(0)
    const { bodyMaxBytes } = this.#options
    if (this.#excerpt || json.length > bodyMaxBytes) this.#dropContent(json)
    else this.#heldLength = Math.min(json.length, Math.floor(bodyMaxBytes / 2))
  }

  /** The answer is too large for the log: its content so far goes into the excerpt; the end of the answer is still read. */
  #dropContent(json: Buffer): void {
    this.#excerpt ??= new Excerpt()
    this.#excerpt.push(json)
    this.answer.dropContent()
    this.#heldLength = 0
  }
}
