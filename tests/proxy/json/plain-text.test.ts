import { expect, test } from 'vitest'
import { skipPlain } from '../../../proxy/json/plain-text.ts'

const SIZE = 1_400
const NOT_PLAIN = [0, 0x0a, 0x1f, 0x22, 0x5c]
const PLAIN = [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff]

test.each(NOT_PLAIN)('byte %i ends a plain text, wherever it is and however its memory is aligned', (byte) => {
  for (let offset = 0; offset < 4; offset++) {
    const bytes = Buffer.alloc(SIZE + 4, 'a').subarray(offset, offset + SIZE)
    for (let at = 0; at < SIZE; at++) {
      bytes[at] = byte
      expect(skipPlain(bytes, 0)).toBe(at)
      bytes[at] = 0x61
    }
    expect(skipPlain(bytes, 0)).toBe(SIZE)
  }
})

test.each(PLAIN)('byte %i does not', (byte) => {
  expect(skipPlain(Buffer.alloc(SIZE, byte), 0)).toBe(SIZE)
  for (let at = 1_100; at < 1_110; at++) {
    const bytes = Buffer.alloc(SIZE, 'a')
    bytes[at] = byte
    expect(skipPlain(bytes, 0)).toBe(SIZE)
  }
})

test('a text is read from where it begins', () => {
  const bytes = Buffer.from(`"${'a'.repeat(SIZE)}"`)
  expect([skipPlain(bytes, 0), skipPlain(bytes, 1), skipPlain(bytes, SIZE + 1)]).toEqual([0, SIZE + 1, SIZE + 1])
})
