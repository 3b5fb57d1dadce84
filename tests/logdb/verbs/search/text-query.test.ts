import { expect, test } from 'vitest'
import { parseQuery, parseRawQuery } from '../../../../logdb/verbs/search/text-query.ts'

test.each([
  ['rate', [{ words: 'content : "rate"', pairs: '"rate"' }]],
  ['"rate limit" error', [{ words: 'content : "rate limit"' }, { words: 'content : "error"', pairs: '"error"' }]],
  ['rate-limit OR', [{ words: 'content : "rate-limit"' }, { words: 'content : "OR"', pairs: '"OR"' }]],
  [
    'say "x',
    [
      { words: 'content : "say"', pairs: '"say"' },
      { words: 'content : "x"', pairs: '"x"' },
    ],
  ],
  ['error NEAR/5 timeout', [{ words: 'content : NEAR("error" "timeout", 5)' }]],
  ['error NEAR/5 "time out"', [{ words: 'content : NEAR("error" "time out", 5)' }]],
  ['NEAR(error timeout, 5)', [{ words: 'content : NEAR("error" "timeout", 5)' }]],
  ['NEAR(error timeout)', [{ words: 'content : NEAR("error" "timeout", 10)' }]],
  ['NEAR("time out" error, 3)', [{ words: 'content : NEAR("time out" "error", 3)' }]],
  ['NEAR()', []],
  ['NEAR/5', [{ words: 'content : "NEAR/5"' }]],
  ['语言', [{ pairs: '"语言"' }]],
  ['说Go语言', [{ pairs: '"说 Go 语言"' }]],
  ['"go 编程语言"', [{ words: 'content : "go"', pairs: '"go"' }, { pairs: '"编程 程语 语言"' }]],
  ['NEAR(语言 go)', [{ pairs: '"语言"' }, { words: 'content : "go"', pairs: '"go"' }]],
  [" ' -- ", []],
])('%j', (typed, terms) => {
  expect(parseQuery(typed).terms).toEqual(terms)
})

test('an excerpt shows the words of a phrase, of all that was typed', () => {
  expect(parseQuery('a error NEAR/5 "time, out" --').phrases).toEqual([['a'], ['error'], ['time', 'out']])
  expect(parseRawQuery('a').phrases).toBeUndefined()
})

test('a raw query is not changed, except the older form of NEAR', () => {
  const raw = (typed: string) => parseRawQuery(typed).terms
  expect(raw('("machine learning" OR AI) AND python')).toEqual([{ words: '("machine learning" OR AI) AND python' }])
  expect(raw('role:user AND (error NEAR/5 "time out")')).toEqual([
    { words: 'role:user AND (NEAR(error "time out", 5))' },
  ])
  expect(raw(' ')).toEqual([])
})
