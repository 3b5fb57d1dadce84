import { BUILT_IN_PROVIDERS, DEFAULT_PROVIDER, KEYED_PROVIDER_NAMES, keyVariableOf } from '../providers.ts'
import type { GatewayConfig } from './config-file.ts'

/** Where a mapping leads: a provider, and the model as that provider calls it. */
export interface Target {
  provider: string
  model: string
}

/** Reads `provider:model`. The text before the first colon is a provider only if a provider has that name: models may hold colons too. */
export function parseTarget(value: string, providers: ReadonlySet<string>): Target {
  if (!namesProvider(value, providers)) return { provider: DEFAULT_PROVIDER, model: value }
  const colon = value.indexOf(':')
  return { provider: value.slice(0, colon), model: value.slice(colon + 1) }
}

/** True if the value begins with the name of a provider and a colon. */
export function namesProvider(value: string, providers: ReadonlySet<string>): boolean {
  return providers.has(value.slice(0, Math.max(value.indexOf(':'), 0)))
}

/**
 * Variables that hold the keys of the providers which config.yml maps models to, without those that need no key, and
 * without those of a mapping that can choose between several providers.
 */
export function neededKeyVariables({ modelMappings, fallbacks, providers }: GatewayConfig): string[] {
  const names = new Set([...BUILT_IN_PROVIDERS, ...Object.keys(providers)])
  const withoutChoice = Object.values(modelMappings).flatMap((value) => {
    const targets = [value].flat()
    return new Set(targets.map((target) => parseTarget(target, names).provider)).size === 1 ? targets : []
  })
  const values = [
    ...withoutChoice,
    // A fallback without a provider is usually the name of another mapping.
    ...Object.values(fallbacks).flatMap((list) => list.filter((value) => namesProvider(value, names))),
  ]
  const used = new Set(values.map((value) => parseTarget(value, names).provider))
  const builtIn = KEYED_PROVIDER_NAMES.filter((name) => used.has(name)).map(keyVariableOf)
  const own = Object.entries(providers).filter(([name, { keyRequired }]) => keyRequired && used.has(name))
  return [...new Set<string>([...builtIn, ...own.map(([, { keyVariable }]) => keyVariable)])]
}
