import { expect, test } from 'vitest'
import { isLargeInteger, parseExact, stringifyExact, withPlainNumbers } from '../../../proxy/json/exact.ts'

test.for([
  '{"a":12345678901234567890,"b":[-9007199254740993],"c":"12345678901234567890"}',
  '{"a":"say \\"12345678901234567890\\" \\\\","b":98765432109876543210}',
  '{"a":0.1234567890123456,"b":1.5,"c":1234567890123456}',
  '[12345678901234567890]',
  ...Array.from({ length: 17 }, (_, before) => `["${'x'.repeat(before)}",9007199254740993]`),
])('digits survive in %s', (json) => {
  expect(stringifyExact(parseExact(json))).toBe(json)
})

test('floats are ordinary numbers, whatever their length', () => {
  const json =
    '{"a":0.12345678901234567890,"b":-1.2345678901234567890e-5,"c":12345678901234567890.5,"d":12345678901234567890e3}'
  expect(parseExact(json)).toEqual(JSON.parse(json))
})

test('a text that follows a large integer leaves no mark', () => {
  const { a } = parseExact('{"a":12345678901234567890}') as { a: string }
  expect(stringifyExact({ a: `${a} and more` })).toBe('{"a":"12345678901234567890 and more"}')
})

test('a large integer can be recognised and made a plain number', () => {
  const value = parseExact('{"total_tokens":12345678901234567890}') as { total_tokens: string }
  expect([isLargeInteger(value.total_tokens), isLargeInteger('12345678901234567890')]).toEqual([true, false])
  expect(withPlainNumbers(value)).toEqual({ total_tokens: Number('12345678901234567890') })
  expect(parseExact('{"a":')).toBeUndefined()
})
