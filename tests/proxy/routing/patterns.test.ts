import { expect, test } from 'vitest'
import { commonPatterns, wildcardsOf } from '../../../proxy/routing/patterns.ts'
import { seededRandom } from '../../helpers/random.ts'

test.for([
  ['gpt-*', '*-mini', ['gpt-*-mini', 'gpt-mini']],
  ['a*', 'b*', []],
  ['*', 'x', ['x', 'x']],
  ['a*c', 'ab*', ['ab*c', 'ab*c']],
  ['same', 'same', ['same', 'same']],
  ['a', 'ab', []],
] as const)('names that %s and %s match', ([a, b, expected]) => {
  expect(commonPatterns(a, b)).toEqual(expected)
})

test('of random patterns, both match each name that is found, and one is found wherever a name matches both', () => {
  const random = seededRandom(7)
  const names = ['', ...[1, 2, 3, 4, 5].flatMap((length) => allTexts('ab', length))]
  for (let round = 0; round < 1_000; round++) {
    const [a, b] = [random.text('ab*', 5), random.text('ab*', 5)]
    const both = (name: string) => [a, b].every((pattern) => wildcardsOf(pattern, name) !== undefined)
    const found = commonPatterns(a, b)
    for (const pattern of found)
      expect([a, b, pattern, both(pattern.replaceAll('*', 'x'))]).toEqual([a, b, pattern, true])
    expect([a, b, found.length > 0 || !names.some(both)]).toEqual([a, b, true])
  }
})

test('patterns without a common name are found out in little time', () => {
  expect(commonPatterns(`${'*a'.repeat(40)}x`, `${'*a'.repeat(40)}y`)).toEqual([])
})

function allTexts(letters: string, length: number): string[] {
  return length === 0 ? [''] : allTexts(letters, length - 1).flatMap((text) => [...letters].map((one) => text + one))
}
