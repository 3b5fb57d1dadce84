import type { GatewayConfig, LimitsConfig } from '../kit/gateway-config/config-file.ts'
import { createProviders } from './providers/all.ts'
import type { Provider } from './providers/provider.ts'
import { compileRouting, type Routing } from './routing.ts'
import type { GatewaySettings } from './settings.ts'

/** What config.yml decides; replaced as a whole when that changes, while exchanges end with the one they began with. */
export interface Serving {
  routing: Routing
  providers: ReadonlyMap<string, Provider>
  limits: LimitsConfig
  /** Resolves when nothing uses it any more. */
  close: () => Promise<void>
}

export function createServing(settings: GatewaySettings, config: GatewayConfig): Serving {
  const providers = createProviders(settings, config)
  const { modelMappings: mappings, fallbacks, limits } = config
  return {
    providers,
    limits,
    routing: compileRouting({ mappings, fallbacks, providers: new Set(providers.keys()) }),
    close: async () => {
      await Promise.all([...providers.values()].map((provider) => provider.close?.()))
    },
  }
}
