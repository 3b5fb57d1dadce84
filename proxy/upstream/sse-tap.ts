import { createParser, type EventSourceParser } from 'eventsource-parser'
import { CompletionBuilder } from '../log/completion.ts'

/** Reads along with an event stream without being in its way. */
export class SseTap {
  readonly completion = new CompletionBuilder()
  /** Whether `[DONE]` has come. */
  done = false
  readonly #decoder = new TextDecoder()
  readonly #parser: EventSourceParser

  constructor() {
    this.#parser = createParser({
      onEvent: ({ data }) => {
        if (data.trim() === '[DONE]') this.done = true
        else this.completion.add(parseOrUndefined(data))
      },
    })
  }

  push(bytes: Buffer): void {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }))
  }

  /** The stream has ended; its last event may lack the blank line. */
  end(): void {
    this.#parser.feed(`${this.#decoder.decode()}\n\n`)
  }
}

function parseOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
