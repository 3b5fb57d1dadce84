import { expect, test } from 'vitest'
import { cards, type Detector, emails } from '../../../../proxy/log/privacy/detectors.ts'
import { seededRandom } from '../../../helpers/random.ts'

function found(detect: Detector, text: string): string[] {
  return [...detect(text)].map(({ start, end }) => text.slice(start, end))
}

test.for([
  ['Write to john.doe+news@mail.example.co.uk, please.', ['john.doe+news@mail.example.co.uk']],
  ['a@b.de;c@d.fr', ['a@b.de', 'c@d.fr']],
  ['<mailto:jürgen@müller.de>', ['jürgen@müller.de']],
  ['https://x.example/?to=john%40example.com&cc=1', ['john%40example.com']],
  ['请联系john@example.com谢谢', ['john@example.com谢谢']],
  ["'jo@example.com' or `ed@example.com` or _al@example.com_", ['jo@example.com', 'ed@example.com', '_al@example.com']],
  ["o'brien@example.com.", ["o'brien@example.com"]],
  ['To: "john doe"@example.com', ['"john doe"@example.com']],
  [String.raw`{\"a\":\"x\",\"to\":\"\\\"john\\\"@example.com\"}`, [String.raw`\\\"john\\\"@example.com`]],
  ['jo@[192.168.0.1] or jo@[IPv6:2001:db8::1]', ['jo@[192.168.0.1]', 'jo@[IPv6:2001:db8::1]']],
  ['?u=%3Fto%3Djo%2540example.com', ['3Djo%2540example.com']],
  ['<a>jo&#64;example.com</a> jo&#x40;example.com', ['jo&#64;example.com', 'jo&#x40;example.com']],
  ['jo@sub_domain.example.com', ['jo@sub_domain.example.com']],
  ['**bob*secret@example.com**', ['bob*secret@example.com']],
] as const)('e-mail addresses in %s', ([text, expected]) => {
  expect(found(emails, text)).toEqual(expected)
})

test.for(['@home', 'user@localhost', 'a @ b.de', 'x@y', 'x@.de', 'x@-.de', '@decorator.method', 'npm i vue@3.4.1', ''])(
  'no e-mail address in %j',
  (text) => expect(found(emails, text)).toEqual([]),
)

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
  expect(found(cards, text)).toEqual(expected)
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
])('no number of a card in %s', (text) => expect(found(cards, text)).toEqual([]))

test.for([
  ['a@', emails],
  ['aaaa.', emails],
  [`${'a'.repeat(63)}@${'b'.repeat(63)}.`, emails],
  ['4 1', cards],
  ['4111111111111111', cards],
  ['41 ', cards],
] as const)(
  'many times %s ends: time grows with the text, not with its square, which would be minutes',
  ([part, detect]) => {
    const text = part.repeat(400_000 / part.length)
    expect([...detect(text)].length).toBeLessThanOrEqual(text.length)
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
