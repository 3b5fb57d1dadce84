import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readUntil } from '../../../deploy/host/read-until.ts'

test('reads until the pattern fits, also across pieces, and the stream keeps flowing', async () => {
  const stream = new PassThrough()
  const reading = readUntil(stream, /\n/)
  stream.write('hel')
  stream.write('d 1\nmore')
  expect(await reading).toMatch(/^held 1\n/)
  expect(stream.readableFlowing).toBe(true)
})

test('an end and an abort end it with what was said', async () => {
  const ended = new PassThrough()
  ended.end('no line')
  expect(await readUntil(ended, /\n/)).toBe('no line')
  const stopping = new AbortController()
  const silent = new PassThrough()
  const reading = readUntil(silent, /\n/, stopping.signal)
  silent.write('a part')
  setImmediate(() => stopping.abort())
  expect(await reading).toBe('a part')
})

test('a stream that fails is an error', async () => {
  const stream = new PassThrough()
  const reading = readUntil(stream, /\n/)
  stream.destroy(new Error('it broke'))
  await expect(reading).rejects.toThrow('it broke')
})
