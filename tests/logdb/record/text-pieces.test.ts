import { expect, test } from 'vitest'
import { type Piece, textPieces } from '../../../logdb/record/text-pieces.ts'

const LONG = 'It is a long “text”, with "quotes", \\ and a line\n'.repeat(3)
const OTHER = 'Another one, which is not in the first 编程语言 '.repeat(2)

function joined(json: Buffer, texts: readonly Buffer[], pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.flatMap(({ ownStart, ownEnd, text, start, size }) => [
      json.subarray(ownStart, ownEnd),
      ...(text < 0 ? [] : [texts[text]?.subarray(start, start + size) ?? Buffer.alloc(0)]),
    ]),
  )
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

test.each([
  [{ content: LONG, refusal: null }, [LONG], 2],
  [{ content: [{ text: LONG }, { text: OTHER }] }, [`${LONG}\n${OTHER}`], 3],
  [{ content: LONG, reasoning: OTHER }, [LONG, OTHER], 3],
  [{ content: LONG, repeated: LONG }, [LONG], 3],
  [{ content: [{ text: LONG }], other: `${LONG}.` }, [LONG], 2],
])('%j is put together from its texts', (message, texts, count) => {
  const [json, stored] = [bytes(message), texts.map((text) => bytes({ content: text, role: 'user' }))]
  const pieces = textPieces(json, stored)
  expect(pieces).toHaveLength(count)
  expect(joined(json, stored, pieces)).toEqual(json)
  const own = pieces.reduce((sum, { ownStart, ownEnd }) => sum + ownEnd - ownStart, 0)
  expect(json.length - own).toBe(pieces.reduce((sum, { size }) => sum + size, 0))
})

test.each([
  [{ content: 'short', refusal: null }, ['short']],
  [{ content: LONG }, [OTHER]],
  [{ content: LONG }, []],
])('%j stays as it is', (message, texts) => {
  expect(textPieces(bytes(message), texts.map(bytes))).toEqual([])
})

test('a message of very many strings is looked through only for the longest', () => {
  const json = bytes(Array.from({ length: 20_000 }, (_, index) => `${index} ${'x'.repeat(40)}`))
  const started = textPieces(json, [json])
  expect(started).toEqual([])
})
