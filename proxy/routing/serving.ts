import type { GatewayConfig, LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import { createProviders } from '../providers/create-providers.ts'
import type { Provider } from '../providers/provider.ts'
import type { GatewaySettings } from '../settings.ts'
import { checkLimitedKeys } from './limits.ts'
import { compileRouting, type Routing } from './routing.ts'

/** What config.yml decides; replaced as a whole when that changes, while exchanges end with the one they began with. */
export class Serving {
  readonly routing: Routing
  readonly providers: ReadonlyMap<string, Provider>
  readonly limits: LimitsConfig
  #exchanges = 0
  #onLeft: (() => void) | undefined

  /** @throws UserError CONFIG_INVALID where it does not fit the settings */
  constructor(settings: GatewaySettings, { modelMappings: mappings, fallbacks, limits, ...config }: GatewayConfig) {
    checkLimitedKeys(limits, settings.apiKeys)
    this.providers = createProviders(settings, config.providers)
    this.routing = compileRouting({ mappings, fallbacks, providers: new Set(this.providers.keys()) })
    this.limits = limits
  }

  enter(): void {
    this.#exchanges++
  }

  leave(): void {
    this.#exchanges--
    if (this.#exchanges === 0) this.#onLeft?.()
  }

  /** Ends its connections when the last exchange has left. */
  async close(): Promise<void> {
    if (this.#exchanges > 0) {
      await new Promise<void>((resolve) => {
        this.#onLeft = resolve
      })
    }
    await Promise.all([...this.providers.values()].map((provider) => provider.close?.()))
  }
}
