/** One of the gateway's keys at a provider. */
export interface UpstreamKey {
  value: string
  /** Until when it is not used, on the clock of performance.now: by model, and for every model under {@link ALL_MODELS}. */
  coolsUntilMs: Map<string, number>
}

/** Stands for every model of a key. */
export const ALL_MODELS = '*'
/** Clients choose the names of models, so their number must be limited. */
const MAX_MODELS = 1_000

/** The keys of one provider, used in turn; a key that was refused is not used for a while. */
export class KeyRing {
  readonly #keys: UpstreamKey[]
  #turn = 0

  constructor(values: readonly string[]) {
    this.#keys = values.map((value) => ({ value, coolsUntilMs: new Map() }))
  }

  get size(): number {
    return this.#keys.length
  }

  /** Whether any key may be used for this model now; true if no key is needed. */
  isReady(model: string): boolean {
    return this.size === 0 || this.#keys.some((key) => readyAtMs(key, model) <= performance.now())
  }

  /** The next key in turn that is ready; while all cool down, the one that is ready first. Undefined without keys. */
  next(model: string): UpstreamKey | undefined {
    return this.other([], model) ?? this.#keys.toSorted((a, b) => readyAtMs(a, model) - readyAtMs(b, model))[0]
  }

  /** The next key in turn that is ready and was not tried. */
  other(tried: readonly UpstreamKey[], model: string): UpstreamKey | undefined {
    for (let step = 0; step < this.size; step++) {
      const key = this.#keys[(this.#turn + step) % this.size]
      if (!key || tried.includes(key) || readyAtMs(key, model) > performance.now()) continue
      this.#turn = (this.#turn + step + 1) % this.size
      return key
    }
    return undefined
  }

  /** @param model a model, or {@link ALL_MODELS} */
  cool({ coolsUntilMs }: UpstreamKey, model: string, forMs: number): void {
    if (coolsUntilMs.size >= MAX_MODELS) coolsUntilMs.clear()
    coolsUntilMs.set(model, performance.now() + forMs)
  }
}

function readyAtMs({ coolsUntilMs }: UpstreamKey, model: string): number {
  if (coolsUntilMs.size === 0) return 0
  return Math.max(coolsUntilMs.get(ALL_MODELS) ?? 0, coolsUntilMs.get(model) ?? 0)
}
