const INITIAL_BYTES = 64 * 1024
/** The largest number of UTF-8 bytes for one unit of a string. */
const MAX_BYTES_PER_UNIT = 3

/** Text that grows in one piece of memory, which costs less than keeping its many small pieces. */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(pieces: readonly (string | Buffer)[]): void {
    for (const piece of pieces) {
      const isText = typeof piece === 'string'
      this.#reserve(isText ? piece.length * MAX_BYTES_PER_UNIT : piece.length)
      this.#length += isText ? this.#bytes.write(piece, this.#length) : piece.copy(this.#bytes, this.#length)
    }
  }

  /** All that was appended; valid until {@link clear}. */
  get content(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Keeps the memory for the next lines, unless it has grown large. */
  clear(): void {
    this.#length = 0
    if (this.#bytes.length > 16 * INITIAL_BYTES) this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
