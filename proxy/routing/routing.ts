import { namesProvider, parseTarget, type Target } from '../../kit/gateway-config/targets.ts'
import { ECHO } from '../../kit/providers.ts'
import type { Route } from '../exchange/outcome.ts'
import { compilePatterns, fillWildcards, isPattern, type PatternMatch } from './patterns.ts'

/** The parts of config.yml that decide on routes, and the names of all providers. */
export interface RoutingRules {
  /** A list is a choice: its first entry whose provider has a key is used. */
  mappings: Record<string, string | readonly string[]>
  fallbacks: Record<string, string[]>
  providers: ReadonlySet<string>
  /** The providers among them that need a key and have none. */
  withoutKey?: ReadonlySet<string>
}

/** Finds the routes of models. */
export interface Routing {
  /** The route of a model; undefined if no mapping matches it. */
  find: (model: string) => Route | undefined
  /** The routes to try when that one fails, in order. */
  fallbacks: (model: string) => Route[]
  /** The provider that serves a model: the first of its routes that has a key. Undefined if none can serve it. */
  ownerOf: (model: string) => string | undefined
  /** The models that are mapped by name, not by a pattern, and that a provider with a key serves; for GET /v1/models. */
  named: { id: string; provider: string }[]
  /** Names and patterns that are mapped. */
  mapped: readonly string[]
  /** The patterns among them that lead to a pattern, and where. */
  patterns: readonly { pattern: string; target: Target }[]
}

/** Makes routes of model names and patterns. Each `*` of a value stands for the text that the pattern's `*` matched. */
export function compileRouting({ mappings, fallbacks, providers, withoutKey = new Set() }: RoutingRules): Routing {
  const isUsable = ({ provider }: { provider: string }) => !withoutKey.has(provider)
  const choose = (value: string | readonly string[]): string => {
    const targets = [value].flat()
    return targets.find((target) => isUsable(parseTarget(target, providers))) ?? targets[0] ?? ''
  }
  const chosen = Object.entries(mappings).map(([name, value]): [string, string] => [name, choose(value)])
  const withEcho = new Map([...chosen, [ECHO, `${ECHO}:${ECHO}`]])
  const find = routeFinder(withEcho, providers)
  const findFallbacks = compilePatterns(Object.entries(fallbacks))
  /** The mapping is `target` as config.yml has it: text that clients put into its `*` must not become the name of a mapping. */
  const fallbackRoute = (target: string, wildcards: string[]): Route => {
    const filled = fillWildcards(target, wildcards)
    const named = namesProvider(filled, providers) ? undefined : find(filled)
    return named ?? { ...parseTarget(filled, providers), mapping: target }
  }
  const fallbacksOf = (model: string): Route[] => {
    const match = findFallbacks(model)
    return match ? match.value.map((target) => fallbackRoute(target, match.wildcards)) : []
  }
  const ownerOf = (model: string) => {
    const routes = [find(model) ?? [], fallbacksOf(model)].flat()
    return routes.find(isUsable)?.provider
  }
  const named = [...withEcho.keys()].flatMap((id) => {
    const provider = isPattern(id) ? undefined : ownerOf(id)
    return provider === undefined ? [] : [{ id, provider }]
  })
  const patterns = chosen
    .filter(([name, target]) => isPattern(name) && isPattern(target))
    .map(([pattern, target]) => ({ pattern, target: parseTarget(target, providers) }))
  return { find, fallbacks: fallbacksOf, ownerOf, named, mapped: [...withEcho.keys()], patterns }
}

/** Finds the route of a model by its mapping, and keeps the routes of names that are mapped as they are. */
function routeFinder(mappings: ReadonlyMap<string, string>, providers: ReadonlySet<string>): Routing['find'] {
  const findMapping = compilePatterns(mappings)
  const toRoute = ({ name, value, wildcards }: PatternMatch<string>): Route => {
    return { ...parseTarget(fillWildcards(value, wildcards), providers), mapping: name }
  }
  const exact = new Map<string, Route>()
  return (model) => {
    const known = exact.get(model)
    if (known) return known
    const match = findMapping(model)
    const route = match && toRoute(match)
    if (route && match.name === model) exact.set(model, route)
    return route
  }
}
