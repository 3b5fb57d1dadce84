import { expect, test } from 'vitest'
import { BodyMemory, RequestBody } from '../../../proxy/exchange/request-body.ts'

test('a body is its pieces in order, at any time', () => {
  const body = new RequestBody(new BodyMemory())
  expect(body.bytes).toEqual(Buffer.alloc(0))
  for (const piece of ['{"a"', ':', '1}']) body.push(Buffer.from(piece))
  expect([body.bytes.toString(), body.sizeBytes]).toEqual(['{"a":1}', 7])
  body.push(Buffer.from(' '))
  expect([body.bytes.toString(), body.sizeBytes]).toEqual(['{"a":1} ', 8])
})

test('all bodies together have a limit, and give their memory back', () => {
  const memory = new BodyMemory()
  const piece = Buffer.alloc(2 ** 28)
  const [one, other] = [new RequestBody(memory), new RequestBody(memory)]
  one.push(piece)
  other.push(piece)
  expect(memory.isFull).toBe(false)
  other.push(Buffer.alloc(1))
  expect(memory.isFull).toBe(true)
  one.release()
  expect([memory.isFull, memory.usedBytes]).toEqual([false, 2 ** 28 + 1])
  other.release()
  expect(memory.usedBytes).toBe(0)
})
