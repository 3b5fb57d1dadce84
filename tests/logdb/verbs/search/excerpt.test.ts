import { expect, test } from 'vitest'
import { excerptOf, HIT_END, HIT_START } from '../../../../logdb/verbs/search/excerpt.ts'

/** With [ ] around what was found. */
function excerpt(text: string, phrases: string[][], length = 8): string {
  return excerptOf(phrases, length)(text).replaceAll(HIT_START, '[').replaceAll(HIT_END, ']')
}

test('a short text is shown whole, with every match marked', () => {
  expect(excerpt('Rate this: the rate of rates', [['rate']])).toBe('[Rate] this: the [rate] of rates')
})

test('a long text is cut around the place that has most of the phrases', () => {
  const text = `${'one two three four '.repeat(50)}alpha five alpha six beta. ${'seven eight '.repeat(50)}`
  expect(excerpt(text, [['beta'], ['alpha']])).toBe('…three four [alpha] five [alpha] six [beta]. seven…')
})

test('near the end of a text the excerpt begins earlier', () => {
  expect(excerpt('a b c d e f g h i j end', [['end']])).toBe('…d e f g h i j [end]')
})

test('letters match without case and accents, in either form of Unicode', () => {
  expect(excerpt('CAFÉ, cafe\u0301 and Cafeteria', [['café']])).toBe('[CAFÉ], [cafe\u0301] and Cafeteria')
  expect(excerpt('Ångström', [['angstrom']])).toBe('[Ångström]')
})

test('the words of a phrase may have anything except words between them', () => {
  expect(excerpt('the rate,\n  (limit) and rate of limit', [['rate', 'limit']])).toBe(
    'the [rate,\n  (limit]) and rate of limit',
  )
})

test('a word in a run of characters without spaces is found, and a word next to it', () => {
  expect(excerpt('我们用Python编程语言写', [['语言'], ['python']], 20)).toBe('我们用[Python]编程[语言]写')
  expect(excerpt(`${'机'.repeat(500)}语言${'器'.repeat(500)}`, [['语言']], 4)).toBe('…机机[语言]器器器器…')
})

test('a text without a match is shown from its start', () => {
  expect(excerpt('one two three', [['four']], 2)).toBe('one two…')
  expect(excerpt('', [['four']])).toBe('')
})

test('a character in a pattern that is not a letter matches as it is', () => {
  expect(excerpt('it costs 100 dollars', [['100']])).toBe('it costs [100] dollars')
})
