const CHUNK_BYTES = 1024 * 1024

/** Bytes that were kept, in a chunk with others. */
export interface Kept {
  readonly chunk: Buffer
  readonly start: number
  readonly end: number
}

/** Keeps copies of many short stretches of bytes, all for the same time. */
export class Arena {
  #chunk: Buffer = Buffer.alloc(0)
  #used = 0

  keep(source: Buffer, from: number, to: number): Kept {
    const size = to - from
    if (this.#used + size > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size))
      this.#used = 0
    }
    const start = this.#used
    source.copy(this.#chunk, start, from, to)
    this.#used += size
    return { chunk: this.#chunk, start, end: this.#used }
  }
}
