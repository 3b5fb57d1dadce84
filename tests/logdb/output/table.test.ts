import { expect, test } from 'vitest'
import { type Column, tableLines } from '../../../logdb/output/table.ts'
import { cutToWidth, textWidth } from '../../../logdb/output/text-width.ts'

const COLUMNS: Column[] = [
  { title: 'name', yields: 2, least: 4 },
  { title: 'n', isRight: true },
  { title: '', yields: 1, least: 3, mayDisappear: true },
  { title: 'more', isRight: true, yields: 3, mayDisappear: true },
]
const ROWS = [
  ['a long name', '1', { widest: 8, draw: (width: number) => '#'.repeat(width) }, '10'],
  ['b', '1,000', { widest: 8, draw: (width: number) => '#'.repeat(width / 2) }, '5'],
]
const lines = (width?: number) => tableLines({ columns: COLUMNS, rows: ROWS }, width)

test('without a limit every cell is whole', () => {
  expect(lines()).toEqual(lines(34))
  expect(lines()).toEqual([
    'name             n            more',
    'a long name      1  ########    10',
    'b            1,000  ####         5',
  ])
})

test('columns yield in their order, down to what they need, then disappear', () => {
  expect(lines(30)).toEqual([
    'name             n        more',
    'a long name      1  ####    10',
    'b            1,000  ##       5',
  ])
  expect(lines(24)).toEqual(['name             n  more', 'a long name      1    10', 'b            1,000     5'])
  expect(lines(20)).toEqual(['name         n  more', 'a long…      1    10', 'b        1,000     5'])
  expect(lines(12)).toEqual(['name      n', 'a l…      1', 'b     1,000'])
  expect(lines(5)[1]).toBe('a l…      1')
})

test('characters of two columns and those without width keep the columns straight', () => {
  expect(['abc', '语言', 'e\u0301', '🙂', 'ｶﾞ', ''].map(textWidth)).toEqual([3, 4, 1, 2, 2, 0])
  expect(['abcdef', '编程语言', 'a b c', 'ab'].map((text) => cutToWidth(text, 4))).toEqual([
    'abc…',
    '编…',
    'a b…',
    'ab',
  ])
  const wide = tableLines(
    {
      columns: [{ title: 'a' }, { title: 'b' }],
      rows: [
        ['语言', 'x'],
        ['y', 'z'],
      ],
    },
    undefined,
  )
  expect(wide).toEqual(['a     b', '语言  x', 'y     z'])
})
