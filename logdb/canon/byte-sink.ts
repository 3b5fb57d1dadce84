const FIRST_SIZE_BYTES = 64 * 1024
/** A larger buffer grows by this much instead of doubling. */
const LARGE_STEP_BYTES = 4 * 1024 * 1024
/** Below this a loop is faster than a call of `copy`. */
const SHORT_RUN_BYTES = 160

/** A buffer that grows; the caller may also set the length back. */
export class ByteSink {
  bytes: Buffer
  length = 0

  constructor(sizeBytes = FIRST_SIZE_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes)
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#reserve(1)
    this.bytes[this.length++] = value
  }

  pair(first: number, second: number): void {
    if (this.length + 2 > this.bytes.length) this.#reserve(2)
    this.bytes[this.length] = first
    this.bytes[this.length + 1] = second
    this.length += 2
  }

  /** Bytes `from` to `to` of another buffer. */
  run(source: Buffer, from: number, to: number): void {
    const size = to - from
    if (this.length + size > this.bytes.length) this.#reserve(size)
    if (size < SHORT_RUN_BYTES) {
      const target = this.bytes
      let at = this.length
      for (let i = from; i < to; i++) target[at++] = source[i] as number
    } else source.copy(this.bytes, this.length, from, to)
    this.length += size
  }

  text(value: string): void {
    const size = Buffer.byteLength(value)
    if (this.length + size > this.bytes.length) this.#reserve(size)
    this.length += this.bytes.write(value, this.length)
  }

  latin1(value: string): void {
    if (this.length + value.length > this.bytes.length) this.#reserve(value.length)
    this.length += this.bytes.write(value, this.length, 'latin1')
  }

  /** A view that holds until something else is written there. */
  view(from: number, to: number): Buffer {
    return this.bytes.subarray(from, to)
  }

  /** Empties it, and frees memory that only a rare long text needed. */
  clear(keptBytes: number): void {
    this.length = 0
    if (this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES)
  }

  #reserve(size: number): void {
    const spare = Math.min(this.bytes.length, LARGE_STEP_BYTES)
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length, this.length + size) + spare)
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}
