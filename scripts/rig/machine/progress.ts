import { terminal } from './terminal.ts'

const startedAtMs = Date.now()

/** Prints one line of progress on stderr, with the seconds since the start. */
export function say(text: string): void {
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(6)
  terminal.err(`${seconds} s  ${text}\n`)
}

/** Prints the title when the work begins, and how long the work took when it is done. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  say(`${title} ...`)
  const beganAtMs = Date.now()
  const result = await work()
  say(`${title}: done in ${((Date.now() - beganAtMs) / 1000).toFixed(1)} s`)
  return result
}
