/** The file hold: somebody wants the server to stay as it is. */
export interface Hold {
  /** ISO time. */
  at: string
  /** Who it was, and from where. */
  by: string
  text: string
}

/** A hold that cannot be read still holds. */
export function parseHold(content: string): Hold {
  const read = (): Partial<Hold> => {
    try {
      return { ...JSON.parse(content) }
    } catch {
      return {}
    }
  }
  const { at, by, text } = read()
  return { at: `${at ?? 'unknown'}`, by: `${by ?? 'unknown'}`, text: `${text ?? ''}` }
}

export function renderHold(hold: Hold): string {
  return `${JSON.stringify(hold)}\n`
}

/** Without a full stop. */
export function describeHold({ at, by, text }: Hold): string {
  return `the server is on hold since ${at}, by ${by}: ${text || 'no reason is given'}`
}
