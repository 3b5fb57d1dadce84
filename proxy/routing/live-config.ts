import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import type { GatewaySettings } from '../settings.ts'
import { Limits } from './limits.ts'
import { Serving } from './serving.ts'

/** The configuration in force, which can be replaced while the gateway runs. */
export class LiveConfig {
  /** Keeps its counts when the configuration is replaced. */
  readonly limits: Limits
  readonly #settings: GatewaySettings
  #serving: Serving

  /** @throws UserError CONFIG_INVALID if it does not fit the settings */
  constructor(settings: GatewaySettings, config: GatewayConfig) {
    this.#settings = settings
    this.#serving = new Serving(settings, config)
    this.limits = new Limits(config.limits, settings.workers)
  }

  get serving(): Serving {
    return this.#serving
  }

  /**
   * Puts another configuration in force.
   * @returns the previous one, to be closed
   * @throws UserError CONFIG_INVALID if it does not fit the settings; then nothing changes
   */
  replace(config: GatewayConfig): Serving {
    const previous = this.#serving
    this.#serving = new Serving(this.#settings, config)
    this.limits.configure(config.limits)
    return previous
  }
}
