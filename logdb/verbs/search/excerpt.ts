import { hasRun, RUN_CHARACTER, WORD_CHARACTER } from '../../record/pairs.ts'

/**
 * Stands before each match in a snippet; a code point that is not a character.
 * @example
 * const html = (snippet: string) => snippet.replaceAll(HIT_START, '<b>').replaceAll(HIT_END, '</b>')
 */
export const HIT_START = '\uFDD0'

/**
 * Stands after each match in a snippet; a code point that is not a character.
 * @example
 * const plain = (snippet: string) => snippet.replaceAll(HIT_START, '').replaceAll(HIT_END, '')
 */
export const HIT_END = '\uFDD1'

/** How many matches are compared to find the best place. */
const MAX_MATCHES = 200
/** Longer words are cut, because a text may have no spaces. */
const MAX_WORD_LENGTH = 40
/** Share of an excerpt before its first match. */
const LEAD = 1 / 4

const LETTER = `(?:(?!${RUN_CHARACTER})${WORD_CHARACTER})`
const WORD = new RegExp(`${RUN_CHARACTER}{1,2}|${LETTER}+`, 'gu')
const BETWEEN_WORDS = `(?:(?!${WORD_CHARACTER})[^])+`

const NOTHING = /(?!)/g

interface Match {
  start: number
  end: number
  phrase: number
}

/**
 * Makes the function that cuts an excerpt of about `length` words out of a text, around the place with most of the
 * phrases, and marks them; without phrases, out of its beginning. Like the index it ignores case and accents.
 */
export function excerptOf(phrases: string[][], length: number): (text: string) => string {
  const pattern =
    phrases.length === 0 ? NOTHING : new RegExp(phrases.map((words) => `(${phrasePattern(words)})`).join('|'), 'giu')
  return (text) => {
    const matches = findMatches(text, pattern)
    const best = bestMatch(text, matches, length)
    const start = best ? startOf(text, best, length) : 0
    const end = Math.max(endAfter(text, start, length), best?.end ?? 0)
    return `${start > 0 ? '…' : ''}${marked(text, start, end, matches)}${end < text.length ? '…' : ''}`
  }
}

function phrasePattern(words: string[]): string {
  const characters = [...words.join('')]
  const before = hasRun(characters[0] ?? '') ? '' : `(?<!${LETTER})`
  const after = hasRun(characters.at(-1) ?? '') ? '' : `(?!${LETTER})`
  return before + words.map((word) => [...word].map(letterPattern).join('')).join(BETWEEN_WORDS) + after
}

/** Matches a letter with any accent, which may be part of the character or follow it. */
function letterPattern(letter: string): string {
  if (hasRun(letter)) return letter
  const base = baseOf(letter)
  return base === '' ? '' : `[${base}${ACCENTED.get(base) ?? ''}]\\p{M}*`
}

/** In lower case and without accents; an accent alone becomes an empty text. */
function baseOf(letter: string): string {
  return letter.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** Accented letters by their base, of the blocks Latin-1 to Latin Extended-B and Latin Extended Additional. */
const ACCENTED = new Map<string, string>()
for (const [first, last] of [
  [0xc0, 0x24f],
  [0x1e00, 0x1eff],
] as const) {
  for (let code = first; code <= last; code++) {
    const letter = String.fromCharCode(code)
    const base = baseOf(letter)
    if (base.length === 1 && base !== letter.toLowerCase()) ACCENTED.set(base, (ACCENTED.get(base) ?? '') + letter)
  }
}

function findMatches(text: string, pattern: RegExp): Match[] {
  const matches: Match[] = []
  for (const match of text.matchAll(pattern)) {
    const [found, ...groups] = match
    const phrase = groups.findIndex((group) => group !== undefined)
    matches.push({ start: match.index, end: match.index + found.length, phrase })
    if (matches.length === MAX_MATCHES) break
  }
  return matches
}

/** The first of the matches that are followed by most of the phrases within an excerpt. */
function bestMatch(text: string, matches: Match[], length: number): Match | undefined {
  let best: { match: Match; phrases: number } | undefined
  for (const [index, match] of matches.entries()) {
    const end = endAfter(text, match.start, Math.ceil(length * (1 - LEAD)))
    const following = matches.slice(index).filter((other) => other.end <= end)
    const phrases = new Set(following.map(({ phrase }) => phrase)).size
    if (!best || phrases > best.phrases) best = { match, phrases }
  }
  return best?.match
}

/** Some words before the match; more of them if the text ends soon after it. */
function startOf(text: string, { start }: Match, length: number): number {
  return Math.min(startBefore(text, start, Math.floor(length * LEAD)), startBefore(text, text.length, length))
}

/** Where the text begins that has this many words before `at`. */
function startBefore(text: string, at: number, words: number): number {
  const from = Math.max(0, at - words * MAX_WORD_LENGTH)
  const found = [...text.slice(from, at).matchAll(WORD)]
  const first = words > 0 ? found.at(-words) : undefined
  if (found.length < words) return from
  return first ? from + first.index : at
}

/** Where this many words from `start` end; at the end of the text if no word follows. */
function endAfter(text: string, start: number, words: number): number {
  const limit = start + words * MAX_WORD_LENGTH
  let end = start
  let count = 0
  for (const { 0: word, index } of text.slice(start, limit).matchAll(WORD)) {
    if (count === words) return end
    end = start + index + word.length
    count++
  }
  return Math.min(limit, text.length)
}

function marked(text: string, start: number, end: number, matches: Match[]): string {
  let shown = ''
  let at = start
  for (const match of matches) {
    if (match.start < at || match.end > end) continue
    shown += text.slice(at, match.start) + HIT_START + text.slice(match.start, match.end) + HIT_END
    at = match.end
  }
  return shown + text.slice(at, end)
}
