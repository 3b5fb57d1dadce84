import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodedIfPlain } from '../../../proxy/log/plain-base64.ts'

const CONTENT = randomBytes(3_000)
const TEXT = Buffer.from(`"${CONTENT.toString('base64')}"`)

test('base64 of both alphabets is decoded', () => {
  expect(decodedIfPlain(TEXT, 1, 4_001)?.equals(CONTENT)).toBe(true)
  expect(decodedIfPlain(TEXT, 5, 401)?.equals(CONTENT.subarray(3, 300))).toBe(true)
  expect(decodedIfPlain(Buffer.from('+/-_'.repeat(100)), 0, 400)).toHaveLength(300)
})

test.for(['"', '\\', ' ', '\n', '=', '.', '\0', '\u00e9'])('a text with %j in it is no base64', (wrong) => {
  for (let at = 1; at < 4_001; at += at > 8 && at < 3_990 ? 37 : 1) {
    const text = Buffer.from(TEXT)
    text[at] = wrong.charCodeAt(0)
    expect(decodedIfPlain(text, 1, 4_001)).toBeUndefined()
  }
})

test('what has not arrived is not decoded', () => {
  expect(decodedIfPlain(TEXT, 1, TEXT.length + 3)).toBeUndefined()
})
