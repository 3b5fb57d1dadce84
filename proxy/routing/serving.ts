import type { GatewayConfig, LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import { splitList } from '../../kit/list.ts'
import type { ServingPort } from '../exchange/ports.ts'
import { createProviders } from '../providers/create-providers.ts'
import type { Provider } from '../providers/provider.ts'
import { proxySecrets } from '../providers/reach.ts'
import { SecretMask } from '../secret-mask.ts'
import type { GatewaySettings } from '../settings.ts'
import { checkKeyNames } from './limits.ts'
import { LogPolicies } from './log-policies.ts'
import { compileRouting, type Routing } from './routing.ts'

/** One version of config.yml, ready for use. A change of the file makes another one; exchanges keep the one they began with. */
export class Serving implements ServingPort {
  readonly routing: Routing
  readonly providers: ReadonlyMap<string, Provider>
  readonly limits: LimitsConfig
  readonly secrets: SecretMask
  readonly logPolicies: LogPolicies
  #exchanges = 0
  #onLeft: (() => void) | undefined

  /** @throws UserError CONFIG_INVALID if it does not fit the settings */
  constructor(
    settings: GatewaySettings,
    { modelMappings: mappings, fallbacks, limits, log, ...config }: GatewayConfig,
  ) {
    checkKeyNames('limits.keys', limits.keys, settings.apiKeys)
    checkKeyNames('log.keys', log.keys, settings.apiKeys)
    this.providers = createProviders(settings, config)
    const all = [...this.providers.values()]
    const withoutKey = new Set(all.flatMap(({ name, missing }) => (missing === undefined ? [] : name)))
    this.routing = compileRouting({ mappings, fallbacks, providers: new Set(this.providers.keys()), withoutKey })
    this.limits = limits
    this.secrets = new SecretMask(secretsOf(settings, config.providers))
    this.logPolicies = new LogPolicies(log, { secrets: this.secrets, hashSecret: settings.log.hashSecret })
  }

  enter(): void {
    this.#exchanges++
  }

  leave(): void {
    this.#exchanges--
    if (this.#exchanges === 0) this.#onLeft?.()
  }

  /** Ends its connections to providers when the last exchange has left. */
  async close(): Promise<void> {
    if (this.#exchanges > 0) {
      await new Promise<void>((resolve) => {
        this.#onLeft = resolve
      })
    }
    await Promise.all([...this.providers.values()].map((provider) => provider.close?.()))
  }
}

/** Headers of config.yml that carry a secret, by their names. */
const SECRET_HEADER = /authorization|cookie|key|secret|token/i

/** Every key that the gateway sends to a provider or takes from a client. */
function secretsOf({ providers, environment, apiKeys }: GatewaySettings, added: GatewayConfig['providers']): string[] {
  const entries = Object.values(added)
  const headers = entries.flatMap((entry) => Object.entries(entry.headers))
  return [
    ...proxySecrets(environment),
    ...apiKeys.flatMap(({ accepted }) => accepted),
    ...Object.values(providers).flatMap(({ keys }) => keys),
    ...entries.flatMap(({ keyVariable }) => splitList(environment[keyVariable])),
    ...headers.filter(([name]) => SECRET_HEADER.test(name)).map(([, value]) => value.replace(/^\S+\s+/, '')),
  ]
}
