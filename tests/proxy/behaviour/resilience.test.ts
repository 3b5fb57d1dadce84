import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { chat, chunksOf, eventually, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

/** A gateway whose model `mine` is answered by this listener. */
async function startBefore(listener: RequestListener, more: { fallbacks?: object } = {}) {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => listener(incoming, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return await startGateway({
    environment: { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: baseUrl },
    mappings: { mine: 'openai:mine' },
    config: { fallbacks: more.fallbacks ?? {} },
  })
}

const LAST = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] }
const CHUNK = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }

test('requests that wait behind others on a closed connection end too', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { keepalive_s: 0.2 } } })
  const body = JSON.stringify(chat('mock/hang', { stream: true }))
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write((head + body).repeat(4))
  await eventually(() => expect(gateway.running.size).toBe(4))
  socket.destroy()
  await eventually(() => expect(gateway.running.size).toBe(0))
  const records = await gateway.records(4)
  expect(records.map(({ outcome }) => outcome)).toEqual(Array(4).fill('client_aborted'))
})

test('a request that arrived before a change of the configuration keeps the previous one', async () => {
  const { gateway } = await startWithUpstream()
  const body = JSON.stringify(chat('mock/normal'))
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let answer = ''
  socket.on('data', (bytes) => {
    answer += bytes
  })
  const head = ['POST /v1/chat/completions HTTP/1.1', 'host: localhost', 'content-type: application/json']
  socket.write(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`)
  await eventually(() => expect(gateway.running.size).toBe(1))
  gateway.gateway.reconfigure(parseConfigFile('model_mappings: {}', 'config.yml'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.write(body.slice(10))
  await eventually(() => expect(answer).toContain('Hello from the mock'))
  expect((await gateway.post(chat('mock/normal'))).status).toBe(404)
})

test('half an event is not sent before the error event', async () => {
  const whole = `event: response.created\ndata: ${JSON.stringify({ type: 'response.created', response: {} })}\n\n`
  const gateway = await startBefore((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`${whole}event: response.output_text.delta\n`)
  })
  const { text } = await gateway.post({ model: 'mine', input: 'Hi', stream: true }, {}, '/v1/responses')
  expect(text.startsWith(`${whole}event: error\ndata: {`)).toBe(true)
})

test('a last event without its blank line is sent if it is complete', async () => {
  const gateway = await startBefore((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`data: ${JSON.stringify(CHUNK)}`)
  })
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(chunksOf(text)).toMatchObject([CHUNK, { error: { code: 'upstream_disconnected' } }])
  const [record] = await gateway.records(1)
  expect(record?.response).toMatchObject({ choices: [{ message: { content: 'Hi' } }] })
})

test('an error that the provider itself reports is not followed by another', async () => {
  const gateway = await startBefore((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${JSON.stringify({ error: { message: 'No more', code: 502 } })}\n\n`, () =>
      response.destroy(),
    )
  })
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(chunksOf(text)).toEqual([{ error: { message: 'No more', code: 502 } }])
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'upstream_error' })
})

test.for([{ 'content-type': 'Text/Event-Stream' }, {}])(
  'a stream is recognised by its content type, or because it was requested',
  async (headers) => {
    const gateway = await startBefore((_, response) => {
      response.writeHead(200, headers)
      response.end(`data: ${JSON.stringify(LAST)}\n\ndata: [DONE]\n\n`)
    })
    const { text, headers: got } = await gateway.post(chat('mine', { stream: true }))
    expect([got['content-type'], chunksOf(text)]).toEqual(['text/event-stream', [LAST]])
  },
)

test('a large JSON answer to a request for a stream becomes a stream too', async () => {
  const content = 'x'.repeat(1_000_000)
  const large = await startBefore((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ id: 'c', choices: [{ index: 0, message: { content }, finish_reason: 'stop' }] }))
  })
  const streamed = await large.post(chat('mine', { stream: true }))
  expect(chunksOf(streamed.text)[0]?.choices[0]?.delta.content).toBe(content)
  expect(streamed.text.endsWith('data: [DONE]\n\n')).toBe(true)
})

test.for(['cut', 'empty', 'redirect'])('after an answer that is unusable (%s) the fallback is tried', async (kind) => {
  const gateway = await startBefore(
    (_, response) => {
      if (kind === 'redirect') response.writeHead(302, { location: 'http://elsewhere/' }).end()
      else if (kind === 'empty') response.writeHead(200).end()
      else response.writeHead(200, { 'content-length': 100 }).write('{"id":', () => response.destroy())
    },
    { fallbacks: { mine: ['echo'] } },
  )
  const response = await gateway.post(chat('mine'))
  expect([response.status, JSON.parse(response.text).model]).toEqual([200, 'echo'])
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok', provider: 'echo' })
})

test('a model that is used too often does not block the other models of its provider', async () => {
  const config = { fallbacks: { 'mock/normal': ['echo'], 'mock/429': ['echo'] } }
  const { gateway, upstream } = await startWithUpstream({ config, environment: { OPENROUTER_API_KEY: 'one-key' } })
  for (const model of ['mock/429', 'mock/429', 'mock/normal']) await gateway.post(chat(model))
  const asked = upstream.requests.map(({ body }) => JSON.parse(body).model)
  expect(asked).toEqual(['mock/429', 'mock/normal'])
})
