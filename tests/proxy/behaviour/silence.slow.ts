import { connect } from 'node:net'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { chat, chunksOf, startWithUpstream } from '../../helpers/gateway/gateway.ts'

test('a quiet stream gets comments between its events, and its content stays the same', async () => {
  const config = { limits: { keepalive_s: 0.1 } }
  const { gateway } = await startWithUpstream({ config })
  const { text } = await gateway.post(chat('mock/slow-250x3', { stream: true }))
  expect(text).toContain('\n\n: ping\n')
  expect(text.replaceAll(': ping\n', '')).not.toContain('ping')
  const content = chunksOf(text).map(({ choices }) => choices[0]?.delta.content ?? '')
  expect(content.join('')).toBe('1 2 3 ')
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'ok', bytes_out: Buffer.byteLength(text) })
})

test('a comment never interrupts an event', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { keepalive_s: 0.1, idle_timeout_s: 1 } } })
  const { text } = await gateway.post(chat('mock/hang-inside-event', { stream: true }))
  expect(text).not.toContain('ping')
})

test('a client that stops reading is disconnected', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { slow_reader_timeout_s: 0.5 } } })
  const body = JSON.stringify(chat('mock/big-60000000'))
  const { hostname, port } = new URL(gateway.url)
  const socket = connect({ host: hostname, port: Number(port) }).pause()
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  const head = ['POST /v1/chat/completions HTTP/1.1', 'host: localhost', 'content-type: application/json']
  socket.write(`${[...head, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`)
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ status_code: 200, outcome: 'client_aborted' })
  expect(record?.bytes_out).toBeLessThan(60_000_000)
  expect(gateway.operatorLog.join('')).toContain('a client stopped reading')
})

test('a client that reads slowly but keeps reading is not disconnected', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { slow_reader_timeout_s: 0.5 } } })
  const { body } = await request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat('mock/big-20000000')),
  })
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(bytes).toBeGreaterThan(20_000_000)
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok' })
})
