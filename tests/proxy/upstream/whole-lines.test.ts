import { expect, test } from 'vitest'
import { WholeLines } from '../../../proxy/upstream/whole-lines.ts'

const STREAM = 'data: {"a":"é🙂"}\n\n: ping\r\n\r\ndata: b\n\n'

test('however the bytes come, all of them go out', () => {
  const bytes = Buffer.from(STREAM)
  for (let size = 1; size <= bytes.length; size++) {
    const lines = new WholeLines()
    const out: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) {
      const whole = lines.push(bytes.subarray(at, at + size))
      if (whole) out.push(whole)
      expect(Buffer.concat(out).toString()).toMatch(/^$|[\r\n]$/)
    }
    expect(Buffer.concat(out).toString()).toBe(STREAM)
    expect(lines.rest({ complete: true }).toString()).toBe('')
  }
})

test('bytes that end with a line are passed on without a copy', () => {
  const bytes = Buffer.from(STREAM)
  expect(new WholeLines().push(bytes)?.buffer).toBe(bytes.buffer)
})

test('an unfinished line is left out of a broken stream, and ended in a whole one', () => {
  const lines = new WholeLines()
  expect(lines.push(Buffer.from('data: a\n\ndata: [DO'))?.toString()).toBe('data: a\n\n')
  expect(lines.push(Buffer.from('NE]'))).toBeUndefined()
  expect(lines.rest({ complete: false }).toString()).toBe('')
  expect(lines.rest({ complete: true }).toString()).toBe('data: [DONE]\n\n')
})

test('a line without its blank line is closed', () => {
  const lines = new WholeLines()
  lines.push(Buffer.from('data: a\n'))
  expect(lines.rest({ complete: false }).toString()).toBe('\n\n')
})

test('a line of any length gets through', () => {
  const lines = new WholeLines()
  const long = Buffer.from(`data: ${'x'.repeat(200_000)}`)
  const out = lines.push(long)
  expect(out).toHaveLength(long.length)
  expect(lines.push(Buffer.from('\n\n'))?.toString()).toBe('\n\n')
  expect(lines.rest({ complete: true }).toString()).toBe('')
})
