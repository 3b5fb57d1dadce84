import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import { parseTarget } from '../../kit/gateway-config/targets.ts'
import { BUILT_IN_PROVIDERS, KEYED_PROVIDER_NAMES, keyVariableOf } from '../../kit/providers.ts'
import type { Environment } from '../../kit/settings/environment.ts'

/** A provider that can be asked, and a model of it by the name that clients use. */
export interface ProviderModel {
  provider: string
  /** Undefined where config.yml names none but patterns. */
  model: string | undefined
}

/** Names of models that answer quickly and cost little. */
const SMALL = /mini|flash|haiku|small|lite|nano/
const NOT_FOR_CHAT = /embed|whisper|tts|image|moderation/

/** Each provider that has a key, or needs none, with the model to try. */
export function modelsOfProviders(config: GatewayConfig, environment: Environment): ProviderModel[] {
  const { modelMappings, providers } = config
  const names = new Set([...BUILT_IN_PROVIDERS, ...Object.keys(providers)])
  const builtIn = KEYED_PROVIDER_NAMES.filter((name) => environment[keyVariableOf(name)])
  const own = Object.entries(providers).filter(
    ([, { keyRequired, keyVariable }]) => !keyRequired || environment[keyVariable],
  )
  const usable = [...builtIn, ...own.map(([name]) => name)]
  const chosen = (value: string | readonly string[]) =>
    [value]
      .flat()
      .map((target) => parseTarget(target, names).provider)
      .find((name) => usable.includes(name))
  const mapped = Object.entries(modelMappings).filter(([name]) => !name.includes('*') && !NOT_FOR_CHAT.test(name))
  return usable.map((provider) => {
    const models = mapped.filter(([, value]) => chosen(value) === provider).map(([name]) => name)
    return { provider, model: models.find((name) => SMALL.test(name)) ?? models[0] }
  })
}
