import { expect } from 'vitest'
import { parseExpression } from '../../../../logdb/store/search/fts5-expression.ts'
import { canMatch, wordNeedOf } from '../../../../logdb/store/search/word-need.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { TOKENIZER } from '../../../../logdb/store/text-index/text-index.ts'
import { parseQuery } from '../../../../logdb/verbs/search/text-query.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Random, seededRandom } from '../../../helpers/random.ts'

const engine = await loadSqlite()

/** What is needed, short: `a & (b | c)`. */
function needed(query: string): string | undefined {
  const text = (expression: ReturnType<typeof parseExpression>): string => {
    if (!expression) return '?'
    if ('text' in expression) return expression.text
    const [parts, sign] = 'all' in expression ? [expression.all, ' & '] : [expression.any, ' | ']
    const texts = parts.map(text).filter((part) => part !== '')
    return texts.length > 1 ? `(${texts.join(sign)})` : texts.join('')
  }
  return text(parseExpression(query))
}

sqliteTest('the words of a query that must occur are known', () => {
  expect(needed('a AND b')).toBe('(a & b)')
  expect(needed('a b NOT c OR d')).toBe('((a & b) | d)')
  expect(needed('a OR b AND c')).toBe('(a | (b & c))')
  expect(needed('(a OR b) AND c*')).toBe('(a | b)')
  expect(needed('role : user AND {content role} : ("a b" + c OR ^d)')).toBe('(user & ((a b & c) | d))')
  expect(needed('- content : NEAR("a b" c, 5) AND NEAR')).toBe('((a b & c) & NEAR)')
  expect(needed('"say ""so"""')).toBe('say "so"')
})

sqliteTest('nothing is known of what FTS5 refuses', () => {
  for (const query of ['a AND', '(a', 'a (b)', '*', 'a; b', '"a', 'FAR(a b)', 'a : : b', 'NOT a', '']) {
    expect([query, needed(query)]).toEqual([query, '?'])
  }
  expect(needed('('.repeat(100_000))).toBe('?')
})

const WORDS = ['alpha', 'Beta', 'gämma', '语言', 'x_y', 'done🙂', '42', 'NEAR', 'don’t', ''] as const

function randomQuery(random: Random, depth: number): string {
  const word = () => random.pick(WORDS)
  const simple = () => {
    return random.pick([
      word,
      () => `"${word()} ${word()}"`,
      () => `"${word()}"*`,
      () => `${word()} + ${word()}`,
      () => `NEAR(${word()} "${word()} ${word()}", 2)`,
      () => `content : ${word()}`,
      () => `- role : ^${word()}`,
      () => `${word()} "${word()}"`,
    ])()
  }
  if (depth === 0) return simple()
  const [left, right] = [randomQuery(random, depth - 1), randomQuery(random, depth - 1)]
  return random.pick([`${left} AND ${right}`, `(${left}) OR ${right}`, `${left} NOT ${right}`, `content : (${left})`])
}

sqliteTest('whatever FTS5 finds could be found by its words', () => {
  const random = seededRandom(14)
  let [found, excluded] = [0, 0]
  for (let round = 0; round < 40; round++) {
    using db = engine.openAsIs(':memory:')
    db.exec(`CREATE VIRTUAL TABLE one USING fts5 (role, content, tokenize = "${TOKENIZER}");
      CREATE VIRTUAL TABLE words USING fts5vocab ('one', 'row')`)
    const content = Array.from({ length: 4 }, () => random.pick(WORDS)).join(' ')
    db.prepare<[string, string]>('INSERT INTO one VALUES (?, ?)').run(random.pick(['alpha', 'user']), content)
    const words = new Set(db.prepareValue<[], string>('SELECT term FROM words').all())
    for (const query of [randomQuery(random, 0), randomQuery(random, 1), randomQuery(random, 2)]) {
      const need = wordNeedOf(engine, [{ words: query }])
      const isPossible = need === undefined || canMatch(need, (_, word) => words.has(word))
      const isFound = matches(
        () => db.prepare<[string]>('SELECT 1 FROM one WHERE one MATCH ?').get(query) !== undefined,
      )
      if (isFound !== false) expect([query, content, isPossible]).toEqual([query, content, true])
      if (isFound) found++
      if (!isPossible) excluded++
    }
  }
  expect(found).toBeGreaterThan(10)
  expect(excluded).toBeGreaterThan(10)
})

/** Undefined if FTS5 refuses the query. */
function matches(find: () => boolean): boolean | undefined {
  try {
    return find()
  } catch {
    return undefined
  }
}

sqliteTest('a word may be in either index, and a single character may begin a pair', () => {
  const present = (typed: string, words: string[], pairs: string[]) => {
    const need = wordNeedOf(engine, parseQuery(typed).terms)
    return need && canMatch(need, (table, word) => (table === 'words' ? words : pairs).includes(word))
  }
  expect(present('Go', [], ['go'])).toBe(true)
  expect(present('Go', ['go'], [])).toBe(true)
  expect(present('Go', ['gone'], ['语言'])).toBe(false)
  expect(present('语言 go', ['go'], ['语言'])).toBe(true)
  expect(present('语言 go', ['语言', 'go'], [])).toBe(false)
  expect(present('语', [], ['语言'])).toBe(true)
  expect(present(Array.from({ length: 51 }, (_, index) => `w${index}`).join(' '), [], [])).toBeUndefined()
})
