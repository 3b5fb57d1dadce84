import { expect, test } from 'vitest'
import { canonicalJson } from '../../../logdb/canon/canonical-reader.ts'
import { InvalidJson } from '../../../logdb/canon/invalid-json.ts'
import { dropInvalidUtf8 } from '../../../logdb/canon/utf8.ts'
import { expectLikePython } from '../../helpers/logdb/python/python-json.ts'
import { pythonTest } from '../../helpers/logdb/sqlite-test.ts'

const canonical = (text: string) => canonicalJson(Buffer.from(text)).toString('utf8')

test.each([
  ['{"b":1,"a":[true,false,null]}', '{"a": [true, false, null], "b": 1}'],
  ['{ }', '{}'],
  [' [\n]\t', '[]'],
  ['{"a":1,"b":2,"a":3}', '{"a": 3, "b": 2}'],
  [
    '[1.0,-0,-0.0,0e0,1E5,1e16,1e15,1e-4,1e-5,2.50,1e400,-1e400,5e-324]',
    '[1.0, 0, -0.0, 0.0, 100000.0, 1e+16, 1000000000000000.0, 0.0001, 1e-05, 2.5, Infinity, -Infinity, 5e-324]',
  ],
  ['12345678901234567890123', '12345678901234567890123'],
  ['[NaN,Infinity,-Infinity]', '[NaN, Infinity, -Infinity]'],
  [
    String.raw`"\/\u0041\u00e9\u0000\u001F\u007f\u2028\"\\\b\f\n\r\t\u000a"`,
    `"/Aé${String.raw`\u0000\u001f`}\u007f\u2028${String.raw`\"\\\b\f\n\r\t\n`}"`,
  ],
  [String.raw`"\uD83D\uDE00"`, '"😀"'],
  [String.raw`["\uD83Dx", "\uDE00", "\uD83D\uD83D\uDE00"]`, String.raw`["\ud83dx", "\ude00", "\ud83d😀"]`],
  [String.raw`{"\ud83d\ude00":1,"\ufffd":2,"z":3}`, '{"z": 3, "\ufffd": 2, "😀": 1}'],
  [String.raw`{"aA":1,"a\n":2,"a":3,"a!":4}`, String.raw`{"a": 3, "a\n": 2, "a!": 4, "aA": 1}`],
])('%s becomes canonical', (text, expected) => {
  expect(canonical(text)).toBe(expected)
})

test.each([
  '',
  '01',
  '1.',
  '.5',
  '-',
  '-NaN',
  '+1',
  '[1,]',
  '{"a":1,}',
  '{a:1}',
  '{"a" 1}',
  '{}x',
  'nul',
  '"\\x"',
  '"\\u12"',
  '"a',
  '"\t"',
  '[1 2]',
  '\ufeff{}',
  '\u00a01',
  '[',
  '{"a":',
])('%j is refused as Python refuses it', (text) => {
  expect(() => canonical(text)).toThrow(InvalidJson)
})

test('JSON that is nested too deep is refused instead of overflowing the stack', () => {
  expect(() => canonical('['.repeat(100_000))).toThrow('nested deeper')
  expect(canonical('['.repeat(1500) + ']'.repeat(1500))).toHaveLength(3000)
})

test('a failure leaves nothing behind for the next text', () => {
  expect(() => canonical('{"a":"lost')).toThrow(InvalidJson)
  expect(canonical('[1]')).toBe('[1]')
})

test('bytes that are not UTF-8 are dropped, all others stay', () => {
  const bytes = Buffer.concat([
    Buffer.from('a€'),
    Buffer.from([0xff, 0xe2, 0x82]),
    Buffer.from('b😀'),
    Buffer.from([0xed, 0xa0, 0x80, 0xc0, 0xaf, 0xf0]),
  ])
  expect(dropInvalidUtf8(bytes).toString('utf8')).toBe('a€b😀')
})

pythonTest('thousands of random texts become what python3 makes of them', () => {
  expectLikePython(20250910, 5000)
})
