import { expect, test } from 'vitest'
import { toMatch, toRawMatch } from '../../../logdb/search/query.ts'

test.each([
  ['rate limit', 'content : ("rate" AND "limit")'],
  ['"rate limit" error', 'content : ("rate limit" AND "error")'],
  ['a OR b*', 'content : ("a" AND "OR" AND "b*")'],
  ['say "x', 'content : ("say" AND """x")'],
  ['error NEAR/5 timeout', 'content : (NEAR("error" "timeout", 5))'],
  ['x error NEAR/5 "time out" y', 'content : ("x" AND NEAR("error" "time out", 5) AND "y")'],
  ['NEAR(error timeout, 5)', 'content : (NEAR("error" "timeout", 5))'],
  ['NEAR(error timeout)', 'content : (NEAR("error" "timeout", 10))'],
  ['NEAR/5', 'content : ("NEAR/5")'],
  ['  ', ''],
])('%j', (typed, match) => {
  expect(toMatch(typed)).toBe(match)
})

test('a raw query stays as it is, but for the older form of NEAR', () => {
  expect(toRawMatch('("machine learning" OR AI) AND python')).toBe('("machine learning" OR AI) AND python')
  expect(toRawMatch('role:user AND (error NEAR/5 "time out")')).toBe('role:user AND (NEAR(error "time out", 5))')
})
