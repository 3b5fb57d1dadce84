import { expect, test } from 'vitest'
import { WholeEvents } from '../../../../proxy/upstream/stream/whole-events.ts'

const STREAM = 'data: {"a":"é🙂"}\n\n: ping\r\n\r\nevent: x\rdata: b\r\rdata: c\n\n'

test('all bytes are passed on, event by event, however they arrive', () => {
  const bytes = Buffer.from(STREAM)
  for (let size = 1; size <= bytes.length; size++) {
    const events = new WholeEvents()
    const out: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) {
      const whole = events.push(bytes.subarray(at, at + size))
      if (whole) out.push(whole)
      expect(Buffer.concat(out).toString()).toMatch(/^$|(\n\n|\r\n\r\n|\r\r)$/)
    }
    expect(Buffer.concat(out).toString()).toBe(STREAM)
    expect([events.rest.length, events.isAtEventEnd]).toEqual([0, true])
  }
})

test('bytes that end with an event are passed on without a copy', () => {
  const bytes = Buffer.from(STREAM)
  expect(new WholeEvents().push(bytes)?.buffer).toBe(bytes.buffer)
})

test('an unfinished event is held, and is closed if it has to be sent', () => {
  const events = new WholeEvents()
  expect(events.push(Buffer.from('data: a\n\nevent: b\ndata: [DO'))?.toString()).toBe('data: a\n\n')
  expect(events.push(Buffer.from('NE]\n'))).toBeUndefined()
  expect(events.isAtEventEnd).toBe(false)
  expect(events.closing.toString()).toBe('')
  expect(events.rest.toString()).toBe('event: b\ndata: [DONE]\n\n\n')
})

test('an event of any length is passed on, and the next event starts after it', () => {
  const events = new WholeEvents(64 * 1024)
  const long = Buffer.from(`data: ${'x'.repeat(200_000)}`)
  expect(events.push(long)).toHaveLength(long.length)
  expect([events.isAtEventEnd, events.closing.toString()]).toEqual([false, '\n\n'])
  expect(events.push(Buffer.from('\n\n'))?.toString()).toBe('\n\n')
  expect([events.isAtEventEnd, events.rest.toString()]).toEqual([true, ''])
})
