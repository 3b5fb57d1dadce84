import { namesProvider, parseTarget } from '../../kit/gateway-config/targets.ts'
import { ECHO } from '../../kit/providers.ts'
import type { Route } from '../exchange/outcome.ts'
import { compilePatterns, fillWildcards, isPattern, type PatternMatch } from './patterns.ts'

/** The parts of config.yml that decide on routes, and the names of all providers. */
export interface RoutingRules {
  mappings: Record<string, string>
  fallbacks: Record<string, string[]>
  providers: ReadonlySet<string>
}

/** Finds the routes of models. */
export interface Routing {
  /** The route of a model; undefined if no mapping matches it. */
  find: (model: string) => Route | undefined
  /** The routes to try when that one fails, in order. */
  fallbacks: (model: string) => Route[]
  /** The models that are mapped by name, not by a pattern; for GET /v1/models. */
  named: { id: string; provider: string }[]
}

/** Makes routes of model names and patterns. Each `*` of a value stands for the text that the pattern's `*` matched. */
export function compileRouting({ mappings, fallbacks, providers }: RoutingRules): Routing {
  const withEcho = { ...mappings, [ECHO]: `${ECHO}:${ECHO}` }
  const findMapping = compilePatterns(Object.entries(withEcho))
  const findFallbacks = compilePatterns(Object.entries(fallbacks))

  const toRoute = ({ name, value, wildcards }: PatternMatch<string>): Route => {
    return { ...parseTarget(fillWildcards(value, wildcards), providers), mapping: name }
  }
  const exact = new Map<string, Route>()
  const find = (model: string): Route | undefined => {
    const known = exact.get(model)
    if (known) return known
    const match = findMapping(model)
    const route = match && toRoute(match)
    if (route && match.name === model) exact.set(model, route)
    return route
  }
  /** The mapping is `target` as config.yml has it: text that clients put into its `*` must not become the name of a mapping. */
  const fallbackRoute = (target: string, wildcards: string[]): Route => {
    const filled = fillWildcards(target, wildcards)
    const named = namesProvider(filled, providers) ? undefined : find(filled)
    return named ?? { ...parseTarget(filled, providers), mapping: target }
  }
  return {
    find,
    fallbacks: (model) => {
      const match = findFallbacks(model)
      return match ? match.value.map((target) => fallbackRoute(target, match.wildcards)) : []
    },
    named: Object.entries(withEcho).flatMap(([id, value]) =>
      isPattern(id) ? [] : [{ id, provider: parseTarget(value, providers).provider }],
    ),
  }
}
