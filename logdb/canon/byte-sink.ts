const FIRST_SIZE_BYTES = 64 * 1024
/** Below this a loop is faster than a call of `copy`. */
const SHORT_RUN_BYTES = 24

/** A buffer that grows; whoever writes may also set the length back. */
export class ByteSink {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_SIZE_BYTES)
  length = 0

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#reserve(1)
    this.bytes[this.length++] = value
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

  #reserve(size: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + size))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}
