export interface Random {
  /** A whole number from 0 up to, but without, `limit`. */
  below(limit: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  /** Up to `max` of these characters. */
  text(alphabet: string, max: number): string
}

/** Repeatable: the same seed gives the same values. */
export function seededRandom(seed: number): Random {
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const pick = <T>(list: readonly [T, ...T[]]) => list[below(list.length)] ?? list[0]
  const text = (alphabet: string, max: number) => {
    const characters = [...alphabet]
    return Array.from({ length: below(max + 1) }, () => characters[below(characters.length)]).join('')
  }
  return { below, pick, text }
}
