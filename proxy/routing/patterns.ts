const WILDCARD = '*'

/** An entry that was found for a name. */
export interface PatternMatch<T> {
  /** The name or pattern that matched. */
  name: string
  value: T
  /** The text that each `*` matched. */
  wildcards: string[]
}

/**
 * Makes a function that finds the entry for a name. An exact name wins; else the pattern with the most literal characters,
 * then the longer literal prefix, then code-point order.
 */
export function compilePatterns<T>(entries: Iterable<[string, T]>): (name: string) => PatternMatch<T> | undefined {
  const exact = new Map<string, PatternMatch<T>>()
  const patterns: { pattern: string; literals: string[]; value: T }[] = []
  for (const [name, value] of entries) {
    if (isPattern(name)) patterns.push({ pattern: name, literals: name.split(WILDCARD), value })
    else exact.set(name, { name, value, wildcards: [] })
  }
  patterns.sort((a, b) => compareSpecificity(a.pattern, b.pattern))
  return (name) => {
    const named = exact.get(name)
    if (named) return named
    for (const { pattern, literals, value } of patterns) {
      const wildcards = matchLiterals(literals, name)
      if (wildcards) return { name: pattern, value, wildcards }
    }
    return undefined
  }
}

/** Whether the name contains a wildcard. */
export function isPattern(name: string): boolean {
  return name.includes(WILDCARD)
}

/** Replaces each `*` by the text that the pattern's `*` matched. */
export function fillWildcards(text: string, wildcards: readonly string[]): string {
  let at = 0
  return text.replaceAll(WILDCARD, () => wildcards[at++] ?? '')
}

/** The text that each `*` of a pattern stands for in this name; undefined if the name does not match. */
export function wildcardsOf(pattern: string, name: string): string[] | undefined {
  return matchLiterals(pattern.split(WILDCARD), name)
}

/**
 * Patterns whose names both patterns match, one with much in its wildcards and one with little; empty if no name matches both.
 */
export function commonPatterns(a: string, b: string): string[] {
  const found = [true, false].map((isLong) => commonPattern({ a, b, isLong, dead: new Set() }, 0, 0))
  return found.filter((pattern) => pattern !== undefined)
}

interface Common {
  a: string
  b: string
  /** A wildcard takes as much of the other pattern as it can. */
  isLong: boolean
  /** Places from which nothing leads to both ends. */
  dead: Set<number>
}

/** From these places on. */
function commonPattern(common: Common, i: number, j: number): string | undefined {
  const { a, b, isLong, dead } = common
  if (i === a.length && j === b.length) return ''
  const place = i * (b.length + 1) + j
  if (dead.has(place)) return undefined
  const [x, y] = [a[i], b[j]]
  const take = (text: string | undefined, nextI: number, nextJ: number) => () => {
    const rest = text === undefined ? undefined : commonPattern(common, nextI, nextJ)
    return rest === undefined ? undefined : `${text}${rest}`
  }
  const steps: (() => string | undefined)[] = []
  if (x === WILDCARD && y === WILDCARD) steps.push(take(WILDCARD, i, j + 1), take(WILDCARD, i + 1, j))
  else if (x === WILDCARD) steps.push(take(y, i, j + 1), take('', i + 1, j))
  else if (y === WILDCARD) steps.push(take(x, i + 1, j), take('', i, j + 1))
  else if (x === y) steps.push(take(x, i + 1, j + 1))
  for (const step of isLong ? steps : steps.toReversed()) {
    const found = step()
    if (found !== undefined) return found
  }
  dead.add(place)
  return undefined
}

/** The text between the literals of a pattern, as short as possible for each `*`; undefined if the name does not match. */
function matchLiterals(literals: string[], name: string): string[] | undefined {
  const [first = '', ...between] = literals
  if (literals.length === 1) return name === first ? [] : undefined
  const last = between.pop() ?? ''
  const end = name.length - last.length
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return undefined
  const wildcards: string[] = []
  let at = first.length
  for (const literal of between) {
    const found = name.indexOf(literal, at)
    if (found === -1 || found + literal.length > end) return undefined
    wildcards.push(name.slice(at, found))
    at = found + literal.length
  }
  return [...wildcards, name.slice(at, end)]
}

/** Negative when `a` is the more specific pattern. */
function compareSpecificity(a: string, b: string): number {
  const literalCount = (pattern: string) => pattern.replaceAll(WILDCARD, '').length
  const prefixLength = (pattern: string) => pattern.indexOf(WILDCARD)
  return literalCount(b) - literalCount(a) || prefixLength(b) - prefixLength(a) || (a < b ? -1 : 1)
}
