import { expect, test } from 'vitest'
import { LargeBody } from '../../../proxy/exchange/body/large-body.ts'
import { skipPlain } from '../../../proxy/json/plain-text.ts'
import { scanJsonObject } from '../../../proxy/json/scan.ts'

const SIZE = 150_000
const BLOCK = 16 * 1024

/** As it is when it arrives in pieces of this size. */
function arrived(text: Buffer, pieceBytes = 10_001): Buffer {
  const body = new LargeBody([], text.length)
  for (let at = 0; at < text.length; at += pieceBytes) body.push(text.subarray(at, at + pieceBytes))
  return body.bytes
}

test('a text that was looked at on its arrival ends where it would end else', () => {
  for (let end = 0; end < SIZE; end += 1_237) {
    const text = Buffer.alloc(SIZE, 'a')
    text[end] = 0x22
    const bytes = arrived(text)
    for (const start of [0, 1, 5_000, BLOCK, 3 * BLOCK - 1]) {
      const expected = start > end ? SIZE : end
      expect(skipPlain(bytes, start)).toBe(expected)
      // A part of the text, with other places.
      const part = bytes.subarray(777, SIZE - 777)
      const expectedInPart = Math.min(part.length, (start + 777 > end ? SIZE : end) - 777)
      if (expectedInPart >= 0) expect(skipPlain(part, start)).toBe(expectedInPart)
    }
  }
})

test('what ends a text is found at the edges of what was looked at', () => {
  for (const edge of [BLOCK, 2 * BLOCK, 5 * BLOCK, Math.floor(SIZE / BLOCK) * BLOCK, SIZE]) {
    for (const end of [edge - 2, edge - 1, edge, edge + 1].filter((at) => at < SIZE)) {
      for (const byte of [0x22, 0x5c, 0x0a]) {
        const text = Buffer.alloc(SIZE, 'a')
        text[end] = byte
        expect(skipPlain(arrived(text), 0)).toBe(end)
      }
    }
  }
})

test('a wrong byte in a large text is seen', () => {
  const json = JSON.stringify({ model: 'm', image: 'a'.repeat(SIZE) })
  const at = json.indexOf('aaaa') + 3 * BLOCK
  expect(scanJsonObject(arrived(Buffer.from(json)), ['model'])).toEqual({ model: { start: 9, end: 12 } })
  const wrong = Buffer.from(`${json.slice(0, at)}\n${json.slice(at + 1)}`)
  expect(scanJsonObject(arrived(wrong), ['model'])).toBeUndefined()
})
