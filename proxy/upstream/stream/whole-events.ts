import { CARRIAGE_RETURN, LINE_FEED } from '../../../kit/ascii.ts'

/** The end of an event: a blank line, with any kind of line break. */
export const EVENT_ENDS = ['\n\n', '\n\r\n', '\n\r', '\r\r\n', '\r\r'] as const
const LONGEST_EVENT_END = 3
/** No client reads a part of an event, and only a whole one shows whether it is an error that names a key. */
const MAX_HELD_BYTES = 32 * 2 ** 20

/**
 * Passes on the bytes of an event stream up to the end of the last complete event and holds the rest. So a provider that
 * breaks off leaves no half event before the error event.
 */
export class WholeEvents {
  readonly #maxHeldBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  /** The beginning of an event has been passed on, because the event is too long to be held. */
  #isOpen = false
  /** A line feed that comes next belongs to the line break at the end of the bytes that were passed on. */
  #endsInReturn = false

  /** @param maxHeldBytes a longer unfinished event is passed on in pieces */
  constructor(maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes
  }

  /** Whether another event may follow the bytes that were passed on. */
  get isAtEventEnd(): boolean {
    return this.#heldBytes === 0 && !this.#isOpen
  }

  /** The bytes that were passed on last are a part of an event. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @returns the bytes to send now; undefined if all are held */
  push(bytes: Buffer): Buffer | undefined {
    const end = this.#eventEnd(bytes)
    if (end === 0 && this.#heldBytes + bytes.length <= this.#maxHeldBytes) {
      this.#hold(bytes)
      return undefined
    }
    const whole = end === 0 ? bytes : bytes.subarray(0, end)
    const out = this.#heldBytes === 0 ? whole : Buffer.concat([...this.#held, whole])
    this.#held = []
    this.#heldBytes = 0
    this.#isOpen = end === 0
    this.#endsInReturn = out[out.length - 1] === CARRIAGE_RETURN
    if (whole.length < bytes.length) this.#hold(bytes.subarray(end))
    return out
  }

  /** The bytes that are held, closed as an event; for the end of the stream. */
  get rest(): Buffer {
    return this.isAtEventEnd ? Buffer.alloc(0) : Buffer.concat([...this.#held, Buffer.from('\n\n')])
  }

  /** The bytes to send before another event if that rest is not sent. */
  get closing(): Buffer {
    return Buffer.from(this.#isOpen ? '\n\n' : '')
  }

  /** The index after the last event in these bytes, whose end may have begun in the held bytes; 0 if no event ends here. */
  #eventEnd(bytes: Buffer): number {
    const { length } = bytes
    if (length > 1 && bytes[length - 1] === LINE_FEED && bytes[length - 2] === LINE_FEED) return length
    const before = Buffer.concat(this.#held.slice(-LONGEST_EVENT_END)).subarray(-LONGEST_EVENT_END + 1)
    const seen = before.length === 0 ? bytes : Buffer.concat([before, bytes])
    const ends = EVENT_ENDS.map((end) => {
      // The next byte shows whether a return at the end is a whole line break.
      const decided = end === '\n\r' ? seen.subarray(0, -1) : seen
      const at = decided.lastIndexOf(end, undefined, 'latin1')
      return at === -1 ? 0 : at + end.length - before.length
    })
    const isBreakSplit = this.#endsInReturn && this.#heldBytes === 0 && bytes[0] === LINE_FEED
    return Math.max(isBreakSplit ? 1 : 0, ...ends)
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
  }
}
