/** Phrases in quotes, `NEAR(a b, 5)`, `NEAR/5`, or a word. */
const TOKEN = /NEAR\(([^()]*?)(?:,\s*(\d+)\s*)?\)|"([^"]*)"|(\S+)/g
const INFIX_NEAR = /^NEAR\/(\d+)$/
const RAW_INFIX_NEAR = /("[^"]*"|[^\s"()]+)\s+NEAR\/(\d+)\s+("[^"]*"|[^\s"()]+)/g
const DEFAULT_DISTANCE = 10

/**
 * The FTS5 query for what a user typed: every word and every "quoted phrase" must occur in the text of a message;
 * `a NEAR/5 b` and `NEAR(a b, 5)` work too. Everything else is taken literally. Empty if nothing was typed.
 */
export function toMatch(typed: string): string {
  const groups: string[] = []
  let distance: string | undefined
  for (const [, nearTerms, nearDistance, phrase, word] of typed.matchAll(TOKEN)) {
    const infix = word === undefined ? null : INFIX_NEAR.exec(word)
    const left = groups.at(-1)
    if (infix && left !== undefined && distance === undefined) {
      distance = infix[1]
      continue
    }
    const isNear = nearTerms !== undefined
    const term = isNear ? near(nearTerms.trim().split(/\s+/).map(quoted), nearDistance) : quoted(phrase ?? word ?? '')
    if (distance !== undefined && left !== undefined) groups.splice(-1, 1, near([left, term], distance))
    else groups.push(term)
    distance = undefined
  }
  return groups.length === 0 ? '' : `content : (${groups.join(' AND ')})`
}

/** An FTS5 query as typed; only the older `a NEAR/5 b` is put into the form that FTS5 knows. */
export function toRawMatch(typed: string): string {
  return typed.trim().replace(RAW_INFIX_NEAR, (_, left, distance, right) => near([left, right], distance))
}

const near = (terms: string[], distance: string | undefined) =>
  `NEAR(${terms.join(' ')}, ${distance ?? DEFAULT_DISTANCE})`

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
