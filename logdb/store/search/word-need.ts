import type { SqliteEngine } from '../sqlite/engine.ts'
import { withIndexWords } from '../text-index/index-words.ts'
import type { WordTable } from '../word-filter/word-bits.ts'
import { type Expression, parseExpression } from './fts5-expression.ts'
import type { Term } from './term.ts'

/** Which words of the text index a partition must have to match a query. */
export type WordNeed = { table: WordTable; word: string } | { all: readonly WordNeed[] } | { any: readonly WordNeed[] }

/** More words are looked for only in the way that may refuse them. */
const MAX_TERMS = 50

/** Words come as the index has them. Undefined if they are too many to look at. */
export function wordNeedOf(engine: SqliteEngine, terms: readonly Term[]): WordNeed | undefined {
  if (terms.length > MAX_TERMS) return undefined
  return withIndexWords(engine, ({ inWords, inPairs }) => {
    const all = terms.map(({ words, pairs }) => ({
      any: [
        ...(words === undefined ? [] : [needIn('words', words, inWords)]),
        ...(pairs === undefined ? [] : [needIn('pairs', pairs, inPairs)]),
      ],
    }))
    return { all }
  })
}

function needIn(table: WordTable, query: string, cut: (text: string) => string[]): WordNeed {
  const needOf = (expression: Expression): WordNeed => {
    if ('text' in expression) return { all: cut(expression.text).map((word) => ({ table, word })) }
    return 'all' in expression ? { all: expression.all.map(needOf) } : { any: expression.any.map(needOf) }
  }
  return needOf(parseExpression(query) ?? { all: [] })
}

/** False if a partition certainly cannot match. @param holds whether a table may have a word */
export function canMatch(need: WordNeed, holds: (table: WordTable, word: string) => boolean): boolean {
  if ('word' in need) return holds(need.table, need.word)
  const matches = (part: WordNeed) => canMatch(part, holds)
  return 'all' in need ? need.all.every(matches) : need.any.some(matches)
}
