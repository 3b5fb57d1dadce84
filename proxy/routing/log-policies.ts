import type { ApiKey } from '../../kit/api-keys.ts'
import type { LogConfig, LogRules } from '../../kit/gateway-config/config-file.ts'
import { BODY_LOGS, type BodyLog, type RedactionRule } from '../../kit/gateway-config/config-schema.ts'
import type { LogPolicy } from '../log/privacy/log-policy.ts'
import { Redactor } from '../log/privacy/redactor.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { SecretMask } from '../secret-mask.ts'
import { compilePatterns } from './patterns.ts'

interface LogPoliciesOptions {
  secrets: SecretMask
  hashSecret: string | undefined
}

/** A request, as far as the rules of the log concern it. */
interface LoggedRequest {
  apiKey: ApiKey | null
  /** Null if the body names none, or was not read. */
  model: string | null
  /** The further models of a batch. */
  otherModels?: readonly string[]
  /** The header x-log. */
  asked: string | string[] | undefined
}

interface ModelRules {
  matches: (model: string) => boolean
  rules: LogRules
}

/** What clients may ask for; everything else is the operator's choice. */
const ASKABLE: readonly BodyLog[] = ['metadata', 'none']

/** Decides what the log holds of each request: of all rules that apply to it, the strictest. */
export class LogPolicies {
  readonly #config: LogConfig
  readonly #options: LogPoliciesOptions
  readonly #models: ModelRules[]
  readonly #isEmpty: boolean
  /** Everything is logged as it is. */
  readonly #logAll: LogPolicy
  /** Those that were needed so far, by the rules that they come from. */
  readonly #redactors = new Map<string, Redactor>()

  constructor(config: LogConfig, options: LogPoliciesOptions) {
    this.#config = config
    this.#options = options
    this.#logAll = { bodies: 'full', hashSecret: options.hashSecret }
    this.#models = Object.entries(config.models).map(([name, rules]) => {
      const find = compilePatterns([[name, true]])
      return { matches: (model) => find(model) !== undefined, rules }
    })
    const all = [config, ...Object.values(config.keys), ...Object.values(config.models)]
    this.#isEmpty = !config.clientMay && all.every(({ bodies, redact }) => bodies === 'full' && redact.length === 0)
    // A pattern is compiled now, not in the middle of a request.
    if (!this.#isEmpty) for (const rules of all) this.#redactorOf(rules.redact)
  }

  /** What is wrong with the header x-log of a request. */
  problemWith(asked: string | string[] | undefined): ApiProblem | undefined {
    if (asked === undefined) return undefined
    if (!this.#config.clientMay) return problems.logNotNegotiable()
    return bodiesAsked(asked) ? undefined : problems.wrongLogHeader(String(asked), ASKABLE)
  }

  /** For a request whose model is not known, the rules of all models apply. */
  of({ apiKey, model, otherModels = [], asked }: LoggedRequest): LogPolicy {
    if (this.#isEmpty) return this.#logAll
    const { keys, clientMay } = this.#config
    const ofKey = [apiKey?.hash, apiKey?.name].flatMap((id) => (id && Object.hasOwn(keys, id) && keys[id]) || [])
    const models = model === null ? undefined : [model, ...otherModels]
    const ofModel = this.#models.filter(({ matches }) => !models || models.some(matches)).map(({ rules }) => rules)
    const rules: LogRules[] = [this.#config, ...ofKey, ...ofModel]
    const wish = clientMay ? bodiesAsked(asked) : undefined
    const bodies = strictest([...rules.map((rule) => rule.bodies), wish ?? 'full'])
    const redactor = this.#redactorOf(rules.flatMap(({ redact }) => redact))
    return { bodies, redactor, hashSecret: this.#options.hashSecret }
  }

  #redactorOf(rules: readonly RedactionRule[]): Redactor | undefined {
    if (rules.length === 0) return undefined
    const distinct = new Map(rules.map((rule) => [JSON.stringify(rule), rule]))
    const id = [...distinct.keys()].join()
    const known = this.#redactors.get(id)
    if (known) return known
    const redactor = new Redactor({ rules: [...distinct.values()], ...this.#options })
    this.#redactors.set(id, redactor)
    return redactor
  }
}

function bodiesAsked(asked: string | string[] | undefined): BodyLog | undefined {
  const wish = String(asked ?? '')
    .trim()
    .toLowerCase()
  return ASKABLE.find((bodies) => bodies === wish)
}

function strictest(wishes: readonly BodyLog[]): BodyLog {
  return BODY_LOGS[Math.max(...wishes.map((wish) => BODY_LOGS.indexOf(wish)))] ?? 'none'
}
