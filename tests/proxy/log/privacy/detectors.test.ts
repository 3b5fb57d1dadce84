import { expect, test } from 'vitest'
import { cards } from '../../../../proxy/log/privacy/detectors.ts'
import { seededRandom } from '../../../helpers/random.ts'

function found(text: string): string[] {
  return [...cards(text)].map(({ start, end }) => text.slice(start, end))
}

test.for([
  ['4111111111111111', ['4111111111111111']],
  ['Card 4111 1111 1111 1111 12/29 123', ['4111 1111 1111 1111']],
  ['5500-0000-0000-0004', ['5500-0000-0000-0004']],
  ['378282246310005 and 6011111111111117', ['378282246310005', '6011111111111117']],
  ['7 4111 1111 1111 1111', ['4111 1111 1111 1111']],
  ['4111\u00a01111\u00a01111\u00a01111', ['4111\u00a01111\u00a01111\u00a01111']],
  ['4111\u20131111\u20131111\u20131111', ['4111\u20131111\u20131111\u20131111']],
  ['4111 - 1111 - 1111 - 1111', ['4111 - 1111 - 1111 - 1111']],
  ['4111.1111.1111.1111.', ['4111.1111.1111.1111']],
  ['3782.822463.10005', ['3782.822463.10005']],
  ['4111  1111 1111 1111', ['4111  1111 1111 1111']],
  ['4111 1111 1111 1111 4111 1111 1111 1111', ['4111 1111 1111 1111', '4111 1111 1111 1111']],
] as const)('numbers of cards in %s', ([text, expected]) => {
  expect(found(text)).toEqual(expected)
})

test.for([
  '4111111111111112',
  '1699999999999',
  '41111111111111110000',
  '4.111111111111111',
  '4111.111111111111',
  '4111    1111 1111 1111',
  '4111\t1111\t1111\t1111',
  '411111111111',
  '+49 170 1234567',
])('no number of a card in %s', (text) => expect(found(text)).toEqual([]))

test.for(['4 1', '4111111111111111', '41 '])(
  'many times %s ends: time grows with the text, not with its square, which would be minutes',
  (part) => {
    const text = part.repeat(400_000 / part.length)
    expect([...cards(text)].length).toBeLessThanOrEqual(text.length)
  },
)

test('digits of random texts are read as a slow and simple reader reads them', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 3_000; round++) {
    const text = random.text('44115500 -x', 40)
    const isHidden = (at: number) => [...cards(text)].some(({ start, end }) => at >= start && at < end)
    for (let start = 0; start < text.length; start++) {
      for (let end = start + 13; end <= text.length; end++) {
        if (isWholeCard(text, start, end)) expect([text, isHidden(start) || isHidden(end - 1)]).toEqual([text, true])
      }
    }
  }
})

/** Whether whole groups of digits from start to end are the number of a card. */
function isWholeCard(text: string, start: number, end: number): boolean {
  const part = text.slice(start, end)
  if (!/^[2-6]/.test(part) || !/^\d(?:[ -]?\d)*$/.test(part)) return false
  if (/\d/.test(text[start - 1] ?? '') || /\d/.test(text[end] ?? '')) return false
  const digits = part.replaceAll(/\D/g, '')
  const doubled = [...digits].reverse().map((digit, at) => Number(digit) * (1 + (at % 2)))
  const sum = doubled.flatMap((value) => [...String(value)].map(Number)).reduce((a, b) => a + b, 0)
  return digits.length >= 13 && digits.length <= 19 && sum % 10 === 0
}
