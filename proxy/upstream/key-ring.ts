import { hash } from 'node:crypto'

/** One of the gateway's keys at a provider. */
export interface UpstreamKey {
  value: string
  /** Stands for the key in files. */
  id: string
  /** Its part in the rank that it has for a conversation; the same in every process and release. */
  seed: number
  /** Until when it is not used, on the clock of performance.now: by model, and for every model under {@link ALL_MODELS}. */
  coolsUntilMs: Map<string, number>
}

/** Stands for every model of a key. */
export const ALL_MODELS = '*'
/** Clients choose the names of models, so their number must be limited. */
const MAX_MODELS = 1_000

/**
 * The keys of one provider; a key that was refused is not used for a while. Each conversation ranks the keys in its own
 * order and uses the first one that is ready, because the provider's caches hold its prompt there (rendezvous hashing, so
 * nothing needs to be stored, and a key that comes or goes moves no other conversation). Other requests use the keys in turn.
 */
export class KeyRing {
  readonly #keys: UpstreamKey[]
  #turn = 0

  constructor(values: readonly string[]) {
    this.#keys = values.map((value) => ({ value, id: keyId(value), seed: seedOf(value), coolsUntilMs: new Map() }))
  }

  get size(): number {
    return this.#keys.length
  }

  /** Whether any key may be used for this model now; true if no key is needed. */
  isReady(model: string): boolean {
    return this.size === 0 || this.#keys.some((key) => isReadyNow(key, model))
  }

  /** The best key that is ready; while all cool down, the one that is ready first. Undefined without keys. */
  next(model: string, affinity?: number): UpstreamKey | undefined {
    return (
      this.other([], model, affinity) ?? this.#keys.toSorted((a, b) => readyAtMs(a, model) - readyAtMs(b, model))[0]
    )
  }

  /** The first key that is ready, in the order of the configuration; without one, as {@link next}. */
  first(model: string): UpstreamKey | undefined {
    return this.#keys.find((key) => isReadyNow(key, model)) ?? this.next(model)
  }

  /** Undefined if it is not one of these keys, or no longer. */
  byId(id: string | undefined): UpstreamKey | undefined {
    return id === undefined ? undefined : this.#keys.find((key) => key.id === id)
  }

  /**
   * The best key that is ready and was not tried: by the ranks of a conversation, else the next one in turn.
   * @param affinity stands for the conversation
   */
  other(tried: readonly UpstreamKey[], model: string, affinity?: number): UpstreamKey | undefined {
    if (affinity === undefined) return this.#nextInTurn(tried, model)
    const nowMs = performance.now()
    const isUsable = (key: UpstreamKey) => !tried.includes(key) && readyAtMs(key, model) <= nowMs
    return bestOf(this.#keys.filter(isUsable), affinity)
  }

  /** Whether the conversation would use this key if all were ready. */
  isFavourite(key: UpstreamKey, affinity: number): boolean {
    return key === bestOf(this.#keys, affinity)
  }

  #nextInTurn(tried: readonly UpstreamKey[], model: string): UpstreamKey | undefined {
    for (let step = 0; step < this.size; step++) {
      const key = this.#keys[(this.#turn + step) % this.size]
      if (!key || tried.includes(key) || !isReadyNow(key, model)) continue
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

function bestOf(keys: readonly UpstreamKey[], affinity: number): UpstreamKey | undefined {
  let best: UpstreamKey | undefined
  let bestScore = -1
  for (const key of keys) {
    const score = scoreOf(key, affinity)
    if (score > bestScore) {
      best = key
      bestScore = score
    }
  }
  return best
}

/** Mixes both numbers so that every bit of them changes about half of the bits: the last steps of MurmurHash3. */
function scoreOf({ seed }: UpstreamKey, affinity: number): number {
  let mixed = Math.imul(affinity ^ seed, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ seed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function seedOf(value: string): number {
  return hash('sha256', value, 'buffer').readUInt32LE()
}

const KEY_ID_LENGTH = 16

/** The same in every process and release. */
function keyId(value: string): string {
  return hash('sha256', `ai-proxy/provider-key/v1:${value}`, 'hex').slice(0, KEY_ID_LENGTH)
}

/** The clock is not read for a key that nobody refused. */
function isReadyNow(key: UpstreamKey, model: string): boolean {
  return key.coolsUntilMs.size === 0 || readyAtMs(key, model) <= performance.now()
}

function readyAtMs({ coolsUntilMs }: UpstreamKey, model: string): number {
  if (coolsUntilMs.size === 0) return 0
  return Math.max(coolsUntilMs.get(ALL_MODELS) ?? 0, coolsUntilMs.get(model) ?? 0)
}
