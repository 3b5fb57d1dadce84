import type { ApiKey } from '../../kit/api-keys.ts'
import type { Provider } from '../providers/provider.ts'
import type { Limits } from './limits.ts'
import { commonPatterns, fillWildcards } from './patterns.ts'
import type { Serving } from './serving.ts'

/** What a `*` of a pattern is taken for. */
const SAMPLES = ['', 'x', '0']
const MAX_WILDCARDS = 8

/**
 * The providers that at least one model of this key leads to, and that can be asked for anything. It tries names that
 * patterns stand for, so it never finds a provider that the key cannot use.
 */
export function reachableProviders({ routing, providers }: Serving, limits: Limits, apiKey: ApiKey | null): Provider[] {
  const { mapped } = routing
  const models = limits.modelsOf(apiKey) ?? []
  const both = models.flatMap((allowed) => mapped.flatMap((name) => commonPatterns(allowed, name)))
  const patterns = [...mapped, ...models, ...both]
  const names = new Set(patterns.flatMap((pattern) => SAMPLES.map((text) => fill(pattern, text))))
  const allowed = [...names].filter((name) => limits.allows(apiKey, name))
  const routes = allowed.flatMap((name) => [routing.find(name) ?? [], routing.fallbacks(name)].flat())
  const found = new Set(routes.map(({ provider }) => provider))
  return [...providers.values()].filter(({ name, missing, forward }) => found.has(name) && !missing && forward)
}

function fill(pattern: string, text: string): string {
  return fillWildcards(pattern, Array<string>(MAX_WILDCARDS).fill(text))
}
