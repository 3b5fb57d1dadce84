import type { Random } from '../random.ts'

/** A server that can be changed in many ways. */
export interface Walked {
  /** Each changes it in one way. @returns what went wrong, in words; null if nothing did */
  moves: Record<string, (random: Random) => Promise<string | null>>
  /** Lets one plain run repair what is broken. @returns what is wrong then, in words */
  problems(): Promise<string[]>
}

/** Makes this many random moves, and judges the server after each. @returns what went wrong, with the moves that led there */
export async function walk({ moves, problems }: Walked, random: Random, length: number): Promise<string[]> {
  const [first = '', ...names] = Object.keys(moves)
  const made: string[] = []
  for (let step = 0; step < length; step++) {
    const name = random.pick([first, ...names])
    made.push(name)
    const failure = await moves[name]?.(random)
    const found = [...(failure ? [failure] : []), ...(await problems())]
    if (found.length > 0) return [`${made.join(' > ')}: ${found.join('; ')}`]
  }
  return []
}
