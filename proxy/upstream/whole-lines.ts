const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const MAX_HELD_BYTES = 64 * 1024
const LONGEST_EVENT_END = 3
/** Also matches when nothing was let through yet. */
const EVENT_END = /^$|\n\n$|\r\r$|\n\r\n$/

/**
 * Lets the bytes of an event stream through up to the last line break and holds the rest until its line is whole, so
 * that an upstream that breaks off leaves no half line before the event that tells the client so.
 */
export class WholeLines {
  readonly #maxHeldBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  /** What was let through last, and a little of what came before it. */
  #last: Buffer = Buffer.alloc(0)

  /** A longer unfinished line is let through. */
  constructor(maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes
  }

  /** Whether another event may follow what was let through. */
  get atEventEnd(): boolean {
    return this.#heldBytes === 0 && this.#endsWithEvent()
  }

  /** What can go out now. */
  push(bytes: Buffer): Buffer | undefined {
    const end = Math.max(bytes.lastIndexOf(LINE_FEED), bytes.lastIndexOf(CARRIAGE_RETURN)) + 1
    if (end === 0 && this.#heldBytes + bytes.length <= this.#maxHeldBytes) {
      this.#hold(bytes)
      return undefined
    }
    const whole = end === 0 ? bytes : bytes.subarray(0, end)
    const out = this.#heldBytes === 0 ? whole : Buffer.concat([...this.#held, whole])
    this.#held = []
    this.#heldBytes = 0
    if (whole.length < bytes.length) this.#hold(bytes.subarray(end))
    this.#last = out.length >= LONGEST_EVENT_END ? out : Buffer.concat([this.#last.subarray(-LONGEST_EVENT_END), out])
    return out
  }

  /** What has to go out before another event: the unfinished line if it counts, and the end of its event. */
  rest({ complete }: { complete: boolean }): Buffer {
    const held = complete ? this.#held : []
    const atEventEnd = held.length === 0 && this.#endsWithEvent()
    return Buffer.concat([...held, Buffer.from(atEventEnd ? '' : '\n\n')])
  }

  #endsWithEvent(): boolean {
    return EVENT_END.test(this.#last.toString('latin1', Math.max(0, this.#last.length - LONGEST_EVENT_END)))
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
  }
}
