import { expect, test } from 'vitest'
import { firstElement, scanInnerObject, scanJsonObject } from '../../../proxy/json/scan.ts'
import { seededRandom } from '../../helpers/random.ts'

const KEYS = ['model', 'stream', 'messages'] as const
const SEED = 20261123
const ROUNDS = 20_000

/** The values of the keys as JSON.parse sees them; undefined if the text is not an object. */
function expected(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const own = value as Record<string, unknown>
    return Object.fromEntries(KEYS.filter((key) => Object.hasOwn(own, key)).map((key) => [key, own[key]]))
  } catch {
    return undefined
  }
}

function scanned(text: string): Record<string, unknown> | undefined {
  const json = Buffer.from(text)
  const slices = scanJsonObject(json, KEYS)
  if (!slices) return undefined
  return Object.fromEntries(
    Object.entries(slices).map(([key, { start, end }]) => [key, JSON.parse(json.toString('utf8', start, end))]),
  )
}

const PIECES =
  '{ } [ ] , : " "model" "stream" "messages" "mod\\u0065l" "a\\"b" "\\\\" "\\x" "\\ud83d" "é🙂" true false null tru 0 -0 01 1.5 1. .5 -1e+9 1E5 1e - "\t" "\n" \\ \u00a0 \ufeff'.split(
    ' ',
  )

test('agrees with JSON.parse on random texts', () => {
  const { below, pick } = seededRandom(SEED)
  const value = (depth: number): string => {
    const kind = below(depth > 4 ? 4 : 7)
    if (kind < 4) return pick(['"x"', '"a\\"}]\\\\"', '-1.5e3', 'true', 'null', '"é🙂"', '0', '""'])
    const items = Array.from({ length: below(4) }, () => value(depth + 1))
    if (kind === 4) return `[${items.join(pick([',', ', ', '\n,']))}]`
    return `{${items.map((item) => `${pick(['"model"', '"stream"', '"k"', '"messages"', '"mo\\u0064el"'])}${pick([':', ' : '])}${item}`).join(',')}}`
  }
  let objects = 0
  for (let round = 0; round < ROUNDS; round++) {
    let text = value(0)
    if (below(2) === 0) {
      const at = below(text.length + 1)
      text = text.slice(0, at) + pick(PIECES as [string, ...string[]]) + text.slice(at + below(3))
    }
    // The cut may have left half a surrogate pair, which UTF-8 cannot express.
    text = Buffer.from(text).toString()
    const result = scanned(text)
    if (result) objects++
    expect(result, `${round}: ${text}`).toEqual(expected(text))
  }
  expect(objects).toBeGreaterThan(ROUNDS / 10)
})

test('agrees with JSON.parse on every piece in every place', () => {
  for (const piece of PIECES) {
    for (const around of [
      '?',
      '{"model":?}',
      '{?:1}',
      '{"a":[?]}',
      '{"a":1?}',
      '{"model":"x"}?',
      ' {"a" : {"b": ? } } ',
    ]) {
      const text = around.replace('?', () => piece)
      expect(scanned(text), text).toEqual(expected(text))
    }
  }
})

test('nesting of any depth is scanned', () => {
  const depth = 1_000_000
  const text = `{"a":${'['.repeat(depth)}${']'.repeat(depth)},"model":"m"}`
  expect(scanned(text)).toEqual({ model: 'm' })
  expect(scanned(`{"a":${'['.repeat(depth)}`)).toBeUndefined()
})

test.for([
  ['{"model":1,"model":2}', ['model']],
  ['{"model":1,"Model":2}', ['model']],
  ['{"\\u004dodel":1,"model":2}', ['model']],
  ['{"stream":1,"\u017ftream":2}', ['stream']],
  ['{"STREAM":1,"a":{"stream":2}}', []],
  ['{"messages":1,"messages":2,"model":1,"models":2}', []],
] as const)('%s repeats %s', ([text, expected]) => {
  const repeated: (typeof KEYS)[number][] = []
  scanJsonObject(Buffer.from(text), KEYS, repeated, ['model', 'stream'])
  expect(repeated).toEqual(expected)
})

test('bytes that are not UTF-8 are not JSON', () => {
  expect(scanJsonObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), KEYS)).toBeUndefined()
})

test('finds members inside the first element of an array', () => {
  const json = Buffer.from('{"choices": [ {"index":0,"message":{"finish_reason":"no"},"finish_reason":"stop"}, 7]}')
  const choices = scanJsonObject(json, ['choices'])?.choices
  const first = firstElement(json, choices?.start ?? 0)
  const reason = scanInnerObject(json, first ?? 0, ['finish_reason']).finish_reason
  expect(json.toString('utf8', reason?.start, reason?.end)).toBe('"stop"')
  expect(firstElement(Buffer.from('[ ]'), 0)).toBeUndefined()
  expect(firstElement(Buffer.from('"x"'), 0)).toBeUndefined()
  expect(scanInnerObject(Buffer.from('[7]'), 1, ['a'])).toEqual({})
})
