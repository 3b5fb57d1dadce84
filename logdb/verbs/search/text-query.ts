import { hasRun, pairsQuery, wordsOf } from '../../record/pairs.ts'
import { quoted } from '../../store/search/search-sql.ts'
import type { Term } from '../../store/search/term.ts'

/**
 * What to search for; from `parseQuery` or `parseRawQuery`.
 * @example
 * const query: TextQuery = parseQuery('"rate limit" timeout')
 */
export interface TextQuery {
  /** Each must match; none if nothing was typed. */
  terms: Term[]
  /** What to mark in excerpts: phrases as lists of their words. Undefined for a query in the syntax of FTS5. */
  phrases: string[][] | undefined
}

/** Phrases in quotes, `NEAR(a b, 5)`, `NEAR/5`, or a word. */
const TOKEN = /NEAR\(([^()]*?)(?:,\s*(\d+)\s*)?\)|"([^"]*)"|(\S+)/g
const PHRASE_OR_WORD = /"([^"]*)"|(\S+)/g
const INFIX_NEAR = /^NEAR\/(\d+)$/
const RAW_INFIX_NEAR = /("[^"]*"|[^\s"()]+)\s+NEAR\/(\d+)\s+("[^"]*"|[^\s"()]+)/g
const DEFAULT_DISTANCE = '10'

/** Phrases that must all occur; with a distance, near each other. */
interface Group {
  phrases: string[]
  distance?: string | undefined
}

/**
 * The query for what a user typed: every word and every "quoted phrase" must occur in the text of a message;
 * `a NEAR/5 b` and `NEAR(a b, 5)` work too. Everything else is taken literally.
 * @example
 * const { hits } = await search('logs/db', { query: parseQuery('error NEAR/5 timeout'), limit: 20, snippetWords: 24 })
 */
export function parseQuery(typed: string): TextQuery {
  const groups = groupsOf(typed)
  return {
    terms: groups.flatMap(termsOf),
    phrases: groups.flatMap(({ phrases }) => phrases.map(wordsOf).filter((words) => words.length > 0)),
  }
}

/**
 * A query in the syntax of FTS5; only the older `a NEAR/5 b` is rewritten to the form that FTS5 knows. Mistakes are found
 * when it is used.
 * @example
 * const query = parseRawQuery('role:user AND (timeout OR limit*)')
 * const { hits } = await search('logs/db', { query, limit: 20, snippetWords: 24 })
 */
export function parseRawQuery(typed: string): TextQuery {
  const words = typed.trim().replace(RAW_INFIX_NEAR, (_, left, distance, right) => near([left, right], distance))
  return { terms: words === '' ? [] : [{ words }], phrases: undefined }
}

function groupsOf(typed: string): Group[] {
  const groups: Group[] = []
  let distance: string | undefined
  for (const [, nearTerms, nearDistance, phrase, word] of typed.matchAll(TOKEN)) {
    const infix = word === undefined ? null : INFIX_NEAR.exec(word)
    const left = groups.at(-1)
    if (infix && left !== undefined && distance === undefined) {
      distance = infix[1]
      continue
    }
    const isNear = nearTerms !== undefined
    const group: Group = isNear
      ? { phrases: phrasesOf(nearTerms), distance: nearDistance ?? DEFAULT_DISTANCE }
      : { phrases: [phrase ?? word ?? ''] }
    if (distance !== undefined && left !== undefined) {
      groups.splice(-1, 1, { phrases: [...left.phrases, ...group.phrases], distance })
    } else groups.push(group)
    distance = undefined
  }
  return groups
}

function phrasesOf(nearTerms: string): string[] {
  return [...nearTerms.matchAll(PHRASE_OR_WORD)].map(([, phrase, word]) => phrase ?? word ?? '')
}

/** The distance and the order of words apply only if none of them holds a run of characters without spaces. */
function termsOf({ phrases, distance }: Group): Term[] {
  if (distance === undefined || phrases.length === 0 || phrases.some(hasRun)) return phrases.flatMap(termsOfPhrase)
  return [{ words: inContent(near(phrases.map(quoted), distance)) }]
}

function termsOfPhrase(phrase: string): Term[] {
  const words = wordsOf(phrase)
  if (words.length > 1 && !hasRun(phrase)) return [{ words: inContent(quoted(phrase)) }]
  return words.map(termOfWord)
}

/** A word without a run may stand right next to one; then only the index of pairs has it. */
function termOfWord(word: string): Term {
  const pairs = pairsQuery(word)
  return hasRun(word) ? { pairs } : { words: inContent(quoted(word)), pairs }
}

function inContent(query: string): string {
  return `content : ${query}`
}

function near(phrases: string[], distance: string): string {
  return `NEAR(${phrases.join(' ')}, ${distance})`
}
