/** Keeps the last used values open; beyond `limit` it closes the one that has not been used for longest. */
export class LastUsed<Value extends { close(): void }> {
  readonly #limit: number
  /** The last used one is the last. */
  readonly #open = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string, open: () => Value): Value {
    const value = this.#open.get(key) ?? open()
    this.#open.delete(key)
    this.#open.set(key, value)
    const [oldest] = this.#open.keys()
    if (this.#open.size > this.#limit && oldest !== undefined) this.#close(oldest)
    return value
  }

  /** True if getting this one will close another one. */
  mustCloseFor(key: string): boolean {
    return this.#open.size >= this.#limit && !this.#open.has(key)
  }

  values(): Iterable<Value> {
    return this.#open.values()
  }

  closeWhere(isOne: (value: Value) => boolean): void {
    for (const [key, value] of [...this.#open]) if (isOne(value)) this.#close(key)
  }

  close(): void {
    this.closeWhere(() => true)
  }

  #close(key: string): void {
    const value = this.#open.get(key)
    this.#open.delete(key)
    value?.close()
  }
}
