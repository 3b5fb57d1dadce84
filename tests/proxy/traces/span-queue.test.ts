import { expect, test } from 'vitest'
import type { Span } from '../../../proxy/traces/span.ts'
import { SpanQueue } from '../../../proxy/traces/span-queue.ts'
import { traceContextOf } from '../../../proxy/traces/trace-context.ts'

function spanWith(attributes: Span['attributes'] = {}): Span {
  return { context: traceContextOf({}), name: 'chat', startMs: 0, endMs: 1, attributes, isError: false }
}

function queueOf(spans: Iterable<Span>): SpanQueue {
  const queue = new SpanQueue()
  for (const span of spans) queue.push(span)
  return queue
}

const times = (count: number, span: Span) => Array.from({ length: count }, () => span)
/** A quarter of what a batch may hold of messages. */
const LARGE = spanWith({ 'gen_ai.input.messages': 'a'.repeat(200_000), 'gen_ai.output.messages': 'b'.repeat(62_144) })

test('a batch is limited in spans, and in characters of messages', () => {
  const small = queueOf(times(600, spanWith({ 'gen_ai.request.model': 'm' })))
  expect([small.hasBatch, small.takeBatch().length, small.hasBatch, small.takeBatch().length]).toEqual([
    true,
    512,
    false,
    88,
  ])
  const large = queueOf(times(3, LARGE))
  expect(large.hasBatch).toBe(false)
  large.push(LARGE)
  expect(large.hasBatch).toBe(true)
  large.push(LARGE)
  expect([large.takeBatch().length, large.hasBatch, large.takeBatch().length, large.takeBatch().length]).toEqual([
    4,
    false,
    1,
    0,
  ])
  const huge = spanWith({ 'gen_ai.output.messages': 'a'.repeat(2_000_000) })
  expect(queueOf([huge, huge]).takeBatch()).toHaveLength(1)
})

test('a queue has room for 16 MiB of messages, also of those that come back', () => {
  const queue = queueOf(times(63, LARGE))
  expect(queue.hasRoomForContent).toBe(true)
  queue.push(LARGE)
  expect(queue.hasRoomForContent).toBe(false)
  const batch = queue.takeBatch()
  expect(queue.hasRoomForContent).toBe(true)
  expect(queue.putBack(batch)).toBe(0)
  expect(queue.hasRoomForContent).toBe(false)
  queue.clear()
  expect([queue.hasRoomForContent, queue.length]).toEqual([true, 0])
})

test('a batch that comes back is the next one, as far as it fits', () => {
  const [first, second] = [spanWith(), spanWith()]
  const queue = queueOf([first, second])
  const batch = queue.takeBatch()
  queue.push(spanWith())
  expect(queue.putBack(batch)).toBe(0)
  expect(queue.takeBatch().slice(0, 2)).toEqual([first, second])
  const full = queueOf(times(4_095, spanWith()))
  expect(full.isFull).toBe(false)
  expect([full.putBack(batch), full.isFull, full.length]).toEqual([1, true, 4_096])
})
