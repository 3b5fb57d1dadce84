/** Counts by name in windows of time; it keeps only the present window, so its memory is limited. */
export class FixedWindow {
  readonly #windowMs: number
  readonly #most: number
  readonly #counts = new Map<string, number>()
  #window = 0

  /** @param most how often each name may come in a window */
  constructor(windowMs: number, most: number) {
    this.#windowMs = windowMs
    this.#most = most
  }

  /** Seconds until the name may come again; undefined if it may come now. */
  retryAfterS(name: string): number | undefined {
    this.#forgetOld()
    if ((this.#counts.get(name) ?? 0) < this.#most) return undefined
    return Math.ceil(((this.#window + 1) * this.#windowMs - Date.now()) / 1000)
  }

  add(name: string): void {
    this.#forgetOld()
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  #forgetOld(): void {
    const window = Math.floor(Date.now() / this.#windowMs)
    if (window !== this.#window) this.#counts.clear()
    this.#window = window
  }
}
