import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BodyMemory, nextStep, RequestBody } from '../../../../proxy/exchange/body/request-body.ts'

test('a body is its pieces in order, at any time', () => {
  const body = new RequestBody(new BodyMemory())
  expect(body.bytes).toEqual(Buffer.alloc(0))
  for (const piece of ['{"a"', ':', '1}']) body.push(Buffer.from(piece))
  expect([body.bytes.toString(), body.sizeBytes]).toEqual(['{"a":1}', 7])
  body.push(Buffer.from(' '))
  expect([body.bytes.toString(), body.sizeBytes]).toEqual(['{"a":1} ', 8])
})

test('all bodies together have a limit, and give their memory back', () => {
  const memory = new BodyMemory(2_000)
  const piece = Buffer.alloc(1_000)
  const [one, other] = [new RequestBody(memory), new RequestBody(memory)]
  one.push(piece)
  other.push(piece)
  expect(memory.isFull).toBe(false)
  other.push(Buffer.alloc(1))
  expect(memory.isFull).toBe(true)
  one.release()
  expect([memory.isFull, memory.usedBytes]).toEqual([false, 1_001])
  other.release()
  expect(memory.usedBytes).toBe(0)
})

function exchangeWith(sizeBytes: number) {
  const failures: unknown[] = []
  const response = { isClosed: false, hasBegun: false }
  return { body: { sizeBytes }, response, failWith: (error: unknown) => void failures.push(error), failures }
}

test('only a large body waits for the turn of others', async () => {
  const order: string[] = []
  nextStep(exchangeWith(1_000), () => order.push('small'))
  nextStep(exchangeWith(1_000_000), () => order.push('large'))
  order.push('others')
  await setImmediate()
  expect(order).toEqual(['small', 'others', 'large'])
})

test('a step is not taken if an answer has begun or the client has left, and a failing one fails its request', async () => {
  const steps: string[] = []
  const [left, answered, failing] = [exchangeWith(1_000_000), exchangeWith(1_000_000), exchangeWith(1_000_000)]
  nextStep(left, () => steps.push('left'))
  nextStep(answered, () => steps.push('answered'))
  const error = new Error('a bug')
  nextStep(failing, () => {
    throw error
  })
  left.response.isClosed = true
  answered.response.hasBegun = true
  await setImmediate()
  expect([steps, failing.failures]).toEqual([[], [error]])
})
