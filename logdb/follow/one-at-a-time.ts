/** Lets one work after the other run, in the order in which they came. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()
  #count = 0

  /** How many are running or waiting. */
  get count(): number {
    return this.#count
  }

  async take<T>(work: () => T | Promise<T>): Promise<T> {
    this.#count++
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => {})
    return mine.finally(() => this.#count--)
  }
}
