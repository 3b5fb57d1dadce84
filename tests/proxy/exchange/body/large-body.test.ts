import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { LargeBody } from '../../../../proxy/exchange/body/large-body.ts'
import { BodyMemory, RequestBody } from '../../../../proxy/exchange/body/request-body.ts'

const CONTENT = randomBytes(1_500_000)

/** The content in pieces of this size. */
function pieces(bytes: number): Buffer[] {
  const count = Math.ceil(CONTENT.length / bytes)
  return Array.from({ length: count }, (_, at) => CONTENT.subarray(at * bytes, (at + 1) * bytes))
}

test.for([0, CONTENT.length, 1])('a large body is its pieces in order, if %i bytes are announced', (announcedBytes) => {
  const body = new RequestBody(new BodyMemory())
  body.announcedBytes = announcedBytes
  for (const piece of pieces(64_000)) {
    body.push(piece)
    expect(body.bytes.length).toBe(body.sizeBytes)
  }
  expect(body.bytes.equals(CONTENT)).toBe(true)
  expect(body.bytes).toBe(body.bytes)
})

test('who announces much and sends little has little memory', () => {
  const body = new LargeBody(pieces(10_000).slice(0, 2), 10 ** 9)
  expect(body.bytes.equals(CONTENT.subarray(0, 20_000))).toBe(true)
  expect(body.bytes.buffer.byteLength).toBeLessThan(10 ** 6)
})
