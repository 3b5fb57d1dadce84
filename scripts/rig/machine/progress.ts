const startedAtMs = Date.now()

/** One line of progress, with the seconds since the start; stdout is for data. */
export function say(text: string): void {
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(6)
  console.error(`${seconds} s  ${text}`)
}

/** Says what begins, and how long it took once it is done. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  say(`${title} ...`)
  const beganAtMs = Date.now()
  const result = await work()
  say(`${title}: done in ${((Date.now() - beganAtMs) / 1000).toFixed(1)} s`)
  return result
}
