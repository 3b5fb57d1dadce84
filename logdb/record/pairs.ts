/**
 * Characters of scripts that put no spaces between words (Thai, Lao, Myanmar, Khmer, Kana, Han), and Hangul, where
 * endings stick to them. Ranges, because a search for them is five times as fast as one for `\p{Script=...}`.
 */
const RUN_RANGES = String.raw`\u0E00-\u0EFF\u1000-\u109F\u1100-\u11FF\u1780-\u17FF\u3005-\u3007\u3040-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFFDC`
export const RUN_CHARACTER = String.raw`[${RUN_RANGES}\u{20000}-\u{3FFFF}]`
/** Characters that the text index takes for parts of words. */
export const WORD_CHARACTER = String.raw`[\p{L}\p{N}\p{M}\p{Co}]`

const WORD = new RegExp(`${WORD_CHARACTER}+`, 'gu')
const SEGMENT = new RegExp(`${RUN_CHARACTER}+|(?:(?!${RUN_CHARACTER})${WORD_CHARACTER})+`, 'gu')
/** By UTF-16 code units, which is faster; U+20000 to U+3FFFF begin with D840 to D8BF. */
const NEXT_RUN = new RegExp(String.raw`[${RUN_RANGES}\uD840-\uD8BF]`, 'g')
const IN_WORD = new RegExp(WORD_CHARACTER, 'u')
const REST_OF_WORD = new RegExp(`${WORD_CHARACTER}*`, 'uy')

/** True if a text holds a run of characters without spaces. */
export function hasRun(text: string): boolean {
  return text.search(NEXT_RUN) >= 0
}

/** The words of a text as the text index cuts it. */
export function wordsOf(text: string): string[] {
  return text.match(WORD) ?? []
}

/**
 * What is indexed of a text with runs of characters without spaces, in addition to its words: for each word with such a
 * run the pairs of neighbours in it, its last character, and the rest of that word. `说Go语言。` gives `说 Go 语言 言`, so
 * that 语言, 言 and Go are found although the index of words takes it for one word. Empty without runs.
 */
export function runPairs(text: string): string {
  return wordsWithRuns(text)
    .map((word) => segmentsOf(word).map(closedPairs).join(' '))
    .join(' ')
}

/**
 * The FTS5 query that finds a word in what `runPairs` gave, wherever it stands in a longer run:
 * 语言 gives `"语言"`, 编程语言 gives `"编程 程语 语言"`, 言 gives `"言" *`.
 */
export function pairsQuery(word: string): string {
  const segments = segmentsOf(word)
  const last = segments.pop() ?? ''
  const phrase = [...segments.map(closedPairs), ...pairs(last)].join(' ')
  return hasRun(last) && [...last].length === 1 ? `"${phrase}" *` : `"${phrase}"`
}

function segmentsOf(word: string): string[] {
  return word.match(SEGMENT) ?? []
}

/** The pairs of a run that ends here, so that a phrase does not continue into the next word. */
function closedPairs(segment: string): string {
  const characters = [...segment]
  return characters.length === 1 || !hasRun(segment) ? segment : [...pairs(segment), characters.at(-1)].join(' ')
}

/** Each character of a run with the next one; anything else as it is. */
function pairs(segment: string): string[] {
  const characters = [...segment]
  if (characters.length === 1 || !hasRun(segment)) return [segment]
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`)
}

/** Looks for runs first: most texts have few of them or none. */
function wordsWithRuns(text: string): string[] {
  const words: string[] = []
  for (let end = 0; ; ) {
    NEXT_RUN.lastIndex = end
    const at = NEXT_RUN.exec(text)?.index
    if (at === undefined) return words
    let start = at
    while (start > end && IN_WORD.test(text.charAt(start - 1))) start--
    REST_OF_WORD.lastIndex = at
    const rest = REST_OF_WORD.exec(text)?.[0] ?? ''
    if (rest !== '') words.push(text.slice(start, at) + rest)
    end = at + Math.max(rest.length, 1)
  }
}
