import { expect, test } from 'vitest'
import { pairsQuery, runPairs, wordsOf } from '../../../logdb/record/pairs.ts'

test.each([
  ['说Go语言。', '说 Go 语言 言'],
  ['人工智能', '人工 工智 智能 能'],
  ['好 Hello 世界!', '好 世界 界'],
  ['コン・ピューター', 'コン ン ピュ ュー ータ ター ー'],
  ['x𠀀𠀁x', 'x 𠀀𠀁 𠀁 x'],
  ['é中', 'é 中'],
  ['฿5 ไป', 'ไป ป'],
  ['nothing to see', ''],
  ['', ''],
])('pairs of %j', (text, pairs) => {
  expect(runPairs(text)).toBe(pairs)
})

test.each([
  ['语言', '"语言"'],
  ['编程语言', '"编程 程语 语言"'],
  ['言', '"言" *'],
  ['使用Python', '"使用 用 Python"'],
  ['Python编', '"Python 编" *'],
  ['Go', '"Go"'],
])('the query for %j', (word, query) => {
  expect(pairsQuery(word)).toBe(query)
})

test('words are the texts between other characters', () => {
  expect(wordsOf('rate-limit: «café» 10% 说Go')).toEqual(['rate', 'limit', 'café', '10', '说Go'])
})
