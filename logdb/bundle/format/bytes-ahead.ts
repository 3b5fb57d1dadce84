/** Bytes of a stream, of which some can be looked at before they are taken. */
export class BytesAhead {
  readonly #source: AsyncIterator<Buffer>
  #pending: Buffer[] = []
  #size = 0
  #position = 0

  constructor(content: AsyncIterable<Buffer>) {
    this.#source = content[Symbol.asyncIterator]()
  }

  /** How many were taken. */
  get position(): number {
    return this.#position
  }

  /** The next bytes, which stay; fewer at the end. */
  async peek(count: number): Promise<Buffer> {
    const bytes = await this.#atLeast(count)
    return bytes.subarray(0, count)
  }

  /** The next bytes; fewer at the end. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.#atLeast(count)
    const taken = bytes.subarray(0, count)
    this.#pending = [bytes.subarray(taken.length)]
    this.#size -= taken.length
    this.#position += taken.length
    return taken
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      const bytes = await this.take(Math.max(1, this.#size))
      if (bytes.length === 0) return
      yield bytes
    }
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #atLeast(count: number): Promise<Buffer> {
    while (this.#size < count) {
      const { value, done } = await this.#source.next()
      if (done) break
      this.#pending.push(value)
      this.#size += value.length
    }
    const [first, ...more] = this.#pending
    if (first !== undefined && more.length === 0) return first
    const bytes = Buffer.concat(this.#pending)
    this.#pending = [bytes]
    return bytes
  }
}
