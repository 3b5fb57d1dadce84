import type { ApiKey } from '../../kit/api-keys.ts'
import type { KeyLimits, LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import { configInvalid } from '../../kit/user-error.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { compilePatterns } from './patterns.ts'

/** What the limits need to know of a request. */
interface Applicant {
  apiKey: ApiKey | null
  /** Null if the request names none. */
  model: string | null
  stream: boolean
}

type Admitted = { problem: ApiProblem } | { problem?: never; release: () => void }

/** What a key has used; kept when the limits change. */
interface Usage {
  /** Requests that are left now, including a fraction of one. */
  tokens: number
  refilledAtMs: number
  streams: number
}

interface CompiledLimits extends KeyLimits {
  allows: (model: string) => boolean
}

const MINUTE_MS = 60_000
/** Stands for every client if no keys are set. */
const ANONYMOUS = ''

/**
 * Makes sure that a member of config.yml names no key that does not exist, for example after a typo. Without API keys the
 * rules of single keys are ignored, so that a local run can use the config.yml of a server.
 * @throws UserError CONFIG_INVALID
 */
export function checkKeyNames(member: string, keys: object, apiKeys: readonly ApiKey[]): void {
  if (apiKeys.length === 0) return
  const known = new Set(apiKeys.flatMap(({ name, hash }) => (name === null ? [hash] : [name, hash])))
  const unknown = Object.keys(keys).filter((name) => !known.has(name))
  if (unknown.length === 0) return
  const allowed = apiKeys.map(({ name, hash }) => name ?? hash).join(', ')
  throw configInvalid(
    unknown.map((name) => `${member}: found the key ${JSON.stringify(name)}, allowed: ${allowed}`).join('\n'),
    `correct ${member} in config.yml, or API_KEYS: names there are written as name:key`,
  )
}

/** Decides which requests are admitted. With several worker processes each has its share of every limit. */
export class Limits {
  readonly #workers: number
  readonly #usage = new Map<string, Usage>()
  #running = 0
  #config!: LimitsConfig
  #byKey = new Map<string, CompiledLimits>()

  constructor(config: LimitsConfig, workers: number) {
    this.#workers = workers
    this.configure(config)
  }

  configure(config: LimitsConfig): void {
    this.#config = config
    this.#byKey = new Map()
  }

  /** Every admission must be released once. */
  admit({ apiKey, model, stream }: Applicant): Admitted {
    const limits = this.#limitsOf(apiKey)
    const usage = this.#usageOf(apiKey?.hash ?? ANONYMOUS, limits)
    if (model !== null && !limits.allows(model)) return { problem: problems.modelNotAllowed(model) }
    const cap = this.#share(this.#config.concurrentRequests)
    if (this.#running >= cap) return { problem: problems.overloaded() }
    const streams = stream ? 1 : 0
    if (usage.streams + streams > this.#share(limits.concurrentStreams)) {
      return { problem: problems.tooManyStreams(limits.concurrentStreams ?? 0) }
    }
    const waitMs = this.#takeToken(usage, limits)
    if (waitMs > 0) return { problem: problems.tooManyRequests(limits.requestsPerMinute ?? 0, waitMs) }
    usage.streams += streams
    this.#running++
    return {
      release: () => {
        usage.streams -= streams
        this.#running--
      },
    }
  }

  /** Names and patterns of the models that this key may use; null if it may use all. */
  modelsOf(apiKey: ApiKey | null): readonly string[] | null {
    return this.#limitsOf(apiKey).models
  }

  allows(apiKey: ApiKey | null, model: string): boolean {
    return this.#limitsOf(apiKey).allows(model)
  }

  #limitsOf(apiKey: ApiKey | null): CompiledLimits {
    const identity = apiKey?.hash ?? ANONYMOUS
    const known = this.#byKey.get(identity)
    if (known) return known
    const { perKey, keys } = this.#config
    const limits = { ...perKey, ...keys[apiKey?.hash ?? ''], ...keys[apiKey?.name ?? ''] }
    const find = limits.models && compilePatterns(limits.models.map((name) => [name, true]))
    const compiled = { ...limits, allows: (model: string) => !find || find(model) !== undefined }
    this.#byKey.set(identity, compiled)
    return compiled
  }

  #usageOf(identity: string, limits: KeyLimits): Usage {
    const known = this.#usage.get(identity)
    if (known) return known
    const usage = { tokens: this.#share(limits.requestsPerMinute), refilledAtMs: performance.now(), streams: 0 }
    this.#usage.set(identity, usage)
    return usage
  }

  /**
   * Takes a request from a bucket that holds the requests of one minute and fills steadily.
   * @returns 0, or how long to wait for the next request if the bucket is empty, in milliseconds
   */
  #takeToken(usage: Usage, { requestsPerMinute }: KeyLimits): number {
    const capacity = this.#share(requestsPerMinute)
    if (capacity === Number.POSITIVE_INFINITY) return 0
    const nowMs = performance.now()
    const perMs = capacity / MINUTE_MS
    usage.tokens = Math.min(capacity, usage.tokens + (nowMs - usage.refilledAtMs) * perMs)
    usage.refilledAtMs = nowMs
    if (usage.tokens < 1) return (1 - usage.tokens) / perMs
    usage.tokens--
    return 0
  }

  /** At least one: a limit never closes a worker completely. */
  #share(limit: number | null): number {
    return limit === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(limit / this.#workers))
  }
}
