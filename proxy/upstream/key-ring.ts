/** A key of ours at a provider. */
export interface UpstreamKey {
  value: string
  /** On performance.now's clock. */
  coolsUntilMs: number
}

/** The keys of one provider, used in turn; one that was refused is left alone for a while. */
export class KeyRing {
  readonly #keys: UpstreamKey[]
  #turn = 0

  constructor(values: readonly string[]) {
    this.#keys = values.map((value) => ({ value, coolsUntilMs: 0 }))
  }

  get size(): number {
    return this.#keys.length
  }

  /** Whether any key may be used right now; true where no key is needed. */
  get ready(): boolean {
    return this.size === 0 || this.#keys.some(isReady)
  }

  /** The next one in turn; while all cool down, the one that is ready first. Undefined without keys. */
  next(): UpstreamKey | undefined {
    return this.other([]) ?? [...this.#keys].sort((a, b) => a.coolsUntilMs - b.coolsUntilMs)[0]
  }

  /** The next one in turn that is ready and none of these. */
  other(tried: readonly UpstreamKey[]): UpstreamKey | undefined {
    for (let step = 0; step < this.size; step++) {
      const key = this.#keys[(this.#turn + step) % this.size]
      if (!key || !isReady(key) || tried.includes(key)) continue
      this.#turn = (this.#turn + step + 1) % this.size
      return key
    }
    return undefined
  }

  cool(key: UpstreamKey, forMs: number): void {
    key.coolsUntilMs = performance.now() + forMs
  }
}

function isReady({ coolsUntilMs }: UpstreamKey): boolean {
  return coolsUntilMs <= performance.now()
}
