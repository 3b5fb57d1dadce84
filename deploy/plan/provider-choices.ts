import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import { neededKeyVariables } from '../../kit/gateway-config/targets.ts'
import { KEYED_PROVIDER_NAMES, KEYED_PROVIDERS, keyVariableOf } from '../../kit/providers.ts'

/** A provider that a first deploy offers to ask a key for. */
export interface ProviderChoice {
  /** For people. */
  title: string
  keyVariable: string
  /** config.yml maps models to it. */
  isMapped: boolean
}

/** The built-in providers, then those that config.yml adds and that need a key; each variable once. */
export function providerChoices(config: GatewayConfig): ProviderChoice[] {
  const needed = neededKeyVariables(config)
  const builtIn = KEYED_PROVIDER_NAMES.map((name) => ({
    title: KEYED_PROVIDERS[name].title,
    keyVariable: keyVariableOf(name) as string,
  }))
  const own = Object.entries(config.providers)
    .filter(([, { keyRequired }]) => keyRequired)
    .map(([title, { keyVariable }]) => ({ title, keyVariable }))
  const all = [...builtIn, ...own]
  const firstOfItsVariable = all.filter(
    ({ keyVariable }, index) => all.findIndex((other) => other.keyVariable === keyVariable) === index,
  )
  return firstOfItsVariable.map((choice) => ({ ...choice, isMapped: needed.includes(choice.keyVariable) }))
}
