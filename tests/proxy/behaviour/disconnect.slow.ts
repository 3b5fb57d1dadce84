import { connect } from 'node:net'
import { Agent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { chat, eventually, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'

/** Sends a request and leaves as soon as the assertion `when` holds. */
async function leave(gateway: TestGateway, body: object, when: () => void | Promise<void>): Promise<void> {
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const aborted = new AbortController()
  const sent = request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: aborted.signal,
    dispatcher,
  }).then(({ body: answer }) => answer.on('error', () => {}))
  await eventually(when)
  aborted.abort()
  await sent.catch(() => {})
}

test.for([
  ['mock/hang', false],
  ['mock/hang', true],
  ['mock/slow-20x500', false],
] as const)('a client that leaves before an answer (%s, stream %s) cancels it upstream', async ([model, stream]) => {
  const { gateway, upstream } = await startWithUpstream()
  await leave(gateway, chat(model, { stream }), () => expect(upstream.requests).toHaveLength(1))
  await eventually(() => expect(upstream.requests[0]?.end).toBe('aborted'))
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    status_code: 499,
    outcome: 'client_aborted',
    ttfb_ms: null,
    bytes_out: 0,
    response: { error: { code: 'client_aborted', type: 'server_error', param: null } },
  })
})

test('a client that leaves a stream cancels it upstream, and the log has what the client got', async () => {
  const { gateway, upstream } = await startWithUpstream()
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const { body } = await request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat('mock/slow-10x1000', { stream: true })),
    dispatcher,
  })
  body.on('error', () => {})
  let text = ''
  for await (const piece of body) {
    text += piece
    if (text.includes('"3 "')) break
  }
  body.destroy()
  await eventually(() => expect(upstream.requests[0]?.end).toBe('aborted'))
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ status_code: 200, outcome: 'client_aborted', finish_reason: null })
  expect(record?.response).toMatchObject({ choices: [{ message: { content: expect.stringMatching(/^1 2 3 /) } }] })
})

test('a client that leaves while it sends its request gets a record too', async () => {
  const { gateway, upstream } = await startWithUpstream()
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{"model":"mock/no')
  await eventually(() => expect(gateway.running.size).toBe(1))
  socket.destroy()
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ status_code: 499, outcome: 'client_aborted', model_original: null, bytes_in: 17 })
  expect(record?.request).toEqual({ _invalid_body: '{"model":"mock/no' })
  expect(upstream.requests).toEqual([])
})

test('a slow reader slows the provider down instead of filling the memory', async () => {
  const { gateway, upstream } = await startWithUpstream()
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.pause()
  const body = JSON.stringify(chat('mock/big-100000000'))
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  await eventually(() => expect(upstream.requests).toHaveLength(1))
  // The first answer would have arrived in this time too if it had not been held back.
  await gateway.post(chat('mock/big-20000000'))
  await eventually(() => expect(upstream.requests[1]?.end).toBe('answered'))
  expect(upstream.requests[0]?.end).toBe('running')
  let received = 0
  await new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      received += bytes.length
      if (received > 100_000_000) resolve()
    })
    socket.resume()
  })
  const records = await gateway.records(2)
  expect(records.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
})
