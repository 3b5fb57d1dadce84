/** Keeps open what was used last; of more than `limit` it closes what has not been used for longest. */
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
    if (this.#open.size > this.#limit && oldest !== undefined) {
      this.#open.get(oldest)?.close()
      this.#open.delete(oldest)
    }
    return value
  }

  close(): void {
    for (const value of this.#open.values()) value.close()
    this.#open.clear()
  }
}
