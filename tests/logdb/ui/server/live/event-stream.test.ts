import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { EventStream } from '../../../../../logdb/ui/server/live/event-stream.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A stream over a real connection, and the other end of it, which reads nothing yet. */
async function connected(mayContinue: () => boolean = () => true) {
  const app = Fastify({ forceCloseConnections: true })
  onTestFinished(() => app.close())
  const streams: { stream: EventStream; bufferedBytes: () => number }[] = []
  app.get('/', (_request, reply) => {
    const stream = new EventStream(reply, mayContinue)
    streams.push({ stream, bufferedBytes: () => reply.raw.writableLength })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = request({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1' }).end()
  const [answer]: [IncomingMessage] = (await once(client, 'response')) as never
  answer.on('error', () => {})
  const [{ stream, bufferedBytes } = { stream: undefined, bufferedBytes: () => 0 }] = streams
  if (!stream) throw new Error('there is no stream')
  return { stream, bufferedBytes, answer: answer.setEncoding('utf8') }
}

async function readUntil(answer: IncomingMessage, end: string): Promise<string> {
  let text = ''
  for await (const piece of answer) {
    text += piece
    if (text.includes(end)) break
  }
  return text
}

test('what a slow browser does not take is left out, and it is told so', async () => {
  const { stream, answer, bufferedBytes } = await connected()
  const text = 'x'.repeat(100_000)
  let sent = 0
  let most = 0
  const send = async () => {
    stream.send('requests', { number: sent++, text })
    most = Math.max(most, bufferedBytes())
    await new Promise((resolve) => setImmediate(resolve))
  }
  while (sent < 500) await send()
  expect(most).toBeLessThan(1_000_000)
  const seen = await readUntil(answer, 'event: missed\ndata: {}\n\n')
  expect(seen.match(/event: requests/g)?.length).toBeLessThan(sent)
})

test('a stream shows that it lives, and ends when its session does', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  const session = { isOpen: true }
  const { answer } = await connected(() => session.isOpen)
  vi.advanceTimersByTime(15_000)
  const ended = once(answer, 'end')
  session.isOpen = false
  vi.advanceTimersByTime(15_000)
  let text = ''
  answer.on('data', (piece) => {
    text += piece
  })
  await ended
  expect(text).toBe(': open\n\n: still here\n\n')
})

test('a browser that takes nothing for a minute is cut off', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  const { stream } = await connected()
  for (let minute = 0; minute < 20 && stream.isOpen; minute++) {
    stream.send('requests', { text: 'x'.repeat(1_000_000) })
    vi.advanceTimersByTime(15_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(stream.isOpen).toBe(false)
})
