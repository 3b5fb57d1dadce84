/** What ends an event: a blank line, whichever line breaks are used. */
const EVENT_ENDS = ['\n\n', '\n\r\n', '\r\r'] as const
const LONGEST_EVENT_END = 3
const MAX_HELD_BYTES = 64 * 1024

/**
 * Lets the bytes of an event stream through up to the end of the last whole event and holds the rest, so that an upstream
 * that breaks off leaves no half event before the one that tells the client so.
 */
export class WholeEvents {
  readonly #maxHeldBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  /** An event was too long to be held, and its beginning is out. */
  #open = false

  /** A longer unfinished event is let through. */
  constructor(maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes
  }

  /** Whether another event may follow what was let through. */
  get isAtEventEnd(): boolean {
    return this.#heldBytes === 0 && !this.#open
  }

  /** What can go out now. */
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
    this.#open = end === 0
    if (whole.length < bytes.length) this.#hold(bytes.subarray(end))
    return out
  }

  /** What is held, closed as an event of its own; the stream has ended. */
  get rest(): Buffer {
    return this.isAtEventEnd ? Buffer.alloc(0) : Buffer.concat([...this.#held, Buffer.from('\n\n')])
  }

  /** What has to go out before another event when that rest is left out. */
  get closing(): Buffer {
    return Buffer.from(this.#open ? '\n\n' : '')
  }

  /** Just after the last event in these bytes, whose end may have begun in what is held; 0 if none ends here. */
  #eventEnd(bytes: Buffer): number {
    if (bytes.length > 1 && bytes[bytes.length - 1] === 0x0a && bytes[bytes.length - 2] === 0x0a) return bytes.length
    const before = Buffer.concat(this.#held.slice(-LONGEST_EVENT_END)).subarray(-LONGEST_EVENT_END + 1)
    const seen = before.length === 0 ? bytes : Buffer.concat([before, bytes])
    const ends = EVENT_ENDS.map((end) => {
      const at = seen.lastIndexOf(end, undefined, 'latin1')
      return at === -1 ? 0 : at + end.length - before.length
    })
    return Math.max(0, ...ends)
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
  }
}
