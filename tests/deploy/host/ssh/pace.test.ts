import { Duplex, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { pacedBy } from '../../../../deploy/host/ssh/pace.ts'

/** A socket whose other end reads nothing until `release` is called. */
function slowSocket() {
  const waiting: (() => void)[] = []
  const socket = new Duplex({ highWaterMark: 10, read() {}, write: (_chunk, _encoding, done) => waiting.push(done) })
  return { socket, release: () => waiting.shift()?.() }
}

test('data waits until the socket has taken what was written before', async () => {
  const { socket, release } = slowSocket()
  expect(socket.write(Buffer.alloc(20))).toBe(false)
  let isThrough = false
  const through = buffer(Readable.from([Buffer.from('data')]).pipe(pacedBy(socket))).finally(() => {
    isThrough = true
  })
  await delay(50)
  expect(isThrough).toBe(false)
  release()
  expect(String(await through)).toBe('data')
  expect([socket.listenerCount('drain'), socket.listenerCount('close')]).toEqual([0, 0])
})

test('nothing waits for a socket that is free or gone', async () => {
  const { socket } = slowSocket()
  const send = () => buffer(Readable.from([Buffer.from('a'), Buffer.from('b')]).pipe(pacedBy(socket)))
  expect(String(await send())).toBe('ab')
  socket.write(Buffer.alloc(20))
  const through = send()
  await vi.waitFor(() => expect(socket.listenerCount('close')).toBe(1))
  socket.destroy()
  expect(String(await through)).toBe('ab')
})
