export interface Route {
  provider: string
  /** As the provider calls it. */
  model: string
}

export interface Routing {
  /** Where a model goes; undefined if no mapping takes it. */
  find: (model: string) => Route | undefined
  /** The models that have a name of their own, for GET /v1/models. */
  named: { id: string; provider: string }[]
}

/** The built-in provider and its one model, which no mapping can take away. */
export const ECHO = 'echo'
const DEFAULT_PROVIDER = 'openrouter'
const WILDCARD = '*'

/**
 * Model names and patterns to routes. An exact name wins; else the pattern with the most literal characters, then the
 * longer literal prefix, then code-point order. Each `*` of the value stands for what the pattern's `*` took.
 */
export function compileRouting(mappings: Record<string, string>, providers: ReadonlySet<string>): Routing {
  const exact = new Map<string, Route>()
  const patterns: { pattern: string; literals: string[]; route: Route }[] = []
  for (const [name, value] of Object.entries(mappings)) {
    const route = parseTarget(value, providers)
    if (name.includes(WILDCARD)) patterns.push({ pattern: name, literals: name.split(WILDCARD), route })
    else exact.set(name, route)
  }
  exact.set(ECHO, { provider: ECHO, model: ECHO })
  patterns.sort((a, b) => compareSpecificity(a.pattern, b.pattern))

  const find = (model: string): Route | undefined => {
    const named = exact.get(model)
    if (named) return named
    for (const { literals, route } of patterns) {
      const taken = matchLiterals(literals, model)
      if (taken) return { ...route, model: fillWildcards(route.model, taken) }
    }
    return undefined
  }
  return { find, named: [...exact].map(([id, { provider }]) => ({ id, provider })) }
}

/** Text before the first colon is a provider only if a provider has that name: models may hold colons too. */
function parseTarget(value: string, providers: ReadonlySet<string>): Route {
  const colon = value.indexOf(':')
  const provider = value.slice(0, Math.max(colon, 0))
  if (providers.has(provider)) return { provider, model: value.slice(colon + 1) }
  return { provider: DEFAULT_PROVIDER, model: value }
}

/** What lies between the literals of a pattern, each `*` taking as little as it can; undefined if they do not match. */
function matchLiterals(literals: string[], model: string): string[] | undefined {
  const [first = '', ...between] = literals
  const last = between.pop() ?? ''
  const end = model.length - last.length
  if (end < first.length || !model.startsWith(first) || !model.endsWith(last)) return undefined
  const taken: string[] = []
  let at = first.length
  for (const literal of between) {
    const found = model.indexOf(literal, at)
    if (found === -1 || found + literal.length > end) return undefined
    taken.push(model.slice(at, found))
    at = found + literal.length
  }
  return [...taken, model.slice(at, end)]
}

function fillWildcards(model: string, taken: string[]): string {
  return model.replaceAll(WILDCARD, () => taken.shift() ?? '')
}

/** Negative when `a` is the more specific pattern. */
function compareSpecificity(a: string, b: string): number {
  const literalCount = (pattern: string) => pattern.replaceAll(WILDCARD, '').length
  const prefixLength = (pattern: string) => pattern.indexOf(WILDCARD)
  return literalCount(b) - literalCount(a) || prefixLength(b) - prefixLength(a) || (a < b ? -1 : 1)
}
