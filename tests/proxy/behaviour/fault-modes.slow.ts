import { connect } from 'node:net'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { expect, onTestFinished, test } from 'vitest'
import type { LogRecord } from '../../../kit/log-record.ts'
import { chat, eventually, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'

const WITH_USAGE = { stream_options: { include_usage: true } }
const APIS = {
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Hi' }], ...WITH_USAGE },
  '/v1/completions': { prompt: 'Hi', ...WITH_USAGE },
  '/v1/responses': { input: 'Hi' },
  '/v1/messages': { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
} as const

type Endpoint = keyof typeof APIS

const ENDPOINTS = Object.keys(APIS) as Endpoint[]
const FORMS = ['bytes', 'split-utf8', 'one-write', 'crlf', 'comments', 'no-space', 'no-newline', 'gzip']

function ask(gateway: TestGateway, endpoint: Endpoint, mode: string) {
  return gateway.post({ model: `mock/${mode}`, stream: true, ...APIS[endpoint] }, {}, endpoint)
}

function eventsOf(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = []
  createParser({ onEvent: (event) => events.push(event) }).feed(text)
  return events
}

/** Without the parts that differ between two requests: the mock's running number and the mode in the model's name. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll(/mock-\d+/g, 'mock-n')
      .replaceAll(/mock\/[\w-]+/g, 'mock/mode'),
  )
}

function logged({ outcome, finish_reason, usage, response }: LogRecord) {
  return { outcome, finish_reason, usage, response }
}

test.for(ENDPOINTS.flatMap((endpoint) => FORMS.map((form) => [endpoint, form] as const)))(
  '%s: a stream in the form %s means the same to the client and to the log as a plain one',
  async ([endpoint, form]) => {
    const { gateway } = await startWithUpstream()
    const plain = await ask(gateway, endpoint, 'normal')
    const other = await ask(gateway, endpoint, form)
    expect(other).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } })
    expect(eventsOf(plain.text).length).toBeGreaterThan(5)
    expect(comparable(eventsOf(other.text))).toEqual(comparable(eventsOf(plain.text)))
    const [first, second] = await gateway.records(2)
    expect(first).toMatchObject({ outcome: 'ok', usage: expect.anything() })
    expect(comparable(logged(second as LogRecord))).toEqual(comparable(logged(first as LogRecord)))
  },
)

const MESSAGE = 'Upstream connection closed before completion'
const CODE = 'upstream_disconnected'

/** How each API reports a stream that breaks off after five events, and what the log still has. */
const BROKEN: Record<Endpoint, { event: object; data: object; response: object }> = {
  '/v1/chat/completions': {
    event: {},
    data: { error: { message: MESSAGE, type: 'server_error', param: null, code: CODE } },
    response: { choices: [{ message: { content: 'Hello from the mock' }, finish_reason: null }] },
  },
  '/v1/completions': {
    event: {},
    data: { error: { message: MESSAGE, type: 'server_error', param: null, code: CODE } },
    response: { object: 'text_completion', choices: [{ text: 'Hello from the mock 🙂', finish_reason: null }] },
  },
  '/v1/responses': {
    event: { event: 'error' },
    data: {
      type: 'error',
      code: CODE,
      message: MESSAGE,
      param: null,
      error: { type: 'server_error', code: CODE, message: MESSAGE, param: null },
      sequence_number: 5,
    },
    response: { object: 'response', status: 'in_progress' },
  },
  '/v1/messages': {
    event: { event: 'error' },
    data: { type: 'error', error: { type: 'api_error', message: MESSAGE }, request_id: expect.any(String) },
    response: { type: 'message', content: [{ type: 'text', text: 'Hello from' }], stop_reason: null },
  },
}

test.for(ENDPOINTS.flatMap((endpoint) => ['cut-5', 'hang-after-5'].map((mode) => [endpoint, mode] as const)))(
  '%s: a stream that stops (%s) ends with an error of that API, and the log keeps what arrived',
  async ([endpoint, mode]) => {
    const { gateway } = await startWithUpstream({ config: { limits: { idle_timeout_s: 0.3 } } })
    const { event, data, response } = BROKEN[endpoint]
    const { text } = await ask(gateway, endpoint, mode)
    const events = eventsOf(text)
    expect(events).toHaveLength(6)
    expect(events[5]).toMatchObject(event)
    const reported = JSON.parse(events[5]?.data ?? '')
    if (mode === 'cut-5') expect(reported).toEqual(data)
    else expect(JSON.stringify(reported)).toContain('did not answer in time')
    const [record] = await gateway.records(1)
    expect(record).toMatchObject({ status_code: 200, outcome: 'upstream_truncated', finish_reason: null, response })
  },
)

test.for(ENDPOINTS)('%s: a connection that is reset in the middle is an error, not an end', async (endpoint) => {
  const { gateway } = await startWithUpstream()
  const { text } = await ask(gateway, endpoint, 'reset-5')
  expect(JSON.stringify(eventsOf(text).at(-1))).toContain(MESSAGE)
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_truncated' }])
})

test('chunks without choices are passed on, and the log stays correct', async () => {
  const { gateway } = await startWithUpstream()
  const { text } = await gateway.post(chat('mock/empty-choices', { stream: true }))
  expect(text.match(/"choices":\[\]/g)).toHaveLength(8)
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    outcome: 'ok',
    finish_reason: 'stop',
    response: { choices: [{ index: 0, message: { content: 'Hello from the mock 🙂' } }] },
  })
})

test('tool calls without an index are passed on unchanged, and are two calls in the log', async () => {
  const { gateway } = await startWithUpstream()
  const { text } = await gateway.post(chat('mock/no-index', { stream: true }))
  expect(text).not.toContain('"index":1')
  const [record] = await gateway.records(1)
  const arguments_ = { name: 'weather', arguments: '{"city":"Oslo"}' }
  expect(record?.response).toMatchObject({
    choices: [
      {
        message: {
          tool_calls: [
            { id: 'call_a', function: arguments_ },
            { id: 'call_b', function: arguments_ },
          ],
        },
      },
    ],
  })
})

test('a stream that is faster than its reader is slowed down, and arrives complete', async () => {
  const { gateway, upstream } = await startWithUpstream({ environment: { LOG_BODY_MAX_BYTES: '10000' } })
  const count = 4_000
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.pause()
  const body = JSON.stringify(chat(`mock/flood-${count}`, { stream: true }))
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  await eventually(() => expect(upstream.requests).toHaveLength(1))
  // The first stream would have arrived in this time too if it had not been held back.
  await gateway.post(chat(`mock/flood-${count}`, { stream: true }))
  expect(upstream.requests.map(({ end }) => end)).toEqual(['running', 'answered'])
  let events = 0
  let tail = ''
  await new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      const text = tail + bytes.toString('latin1')
      events += text.split('data: {').length - 1
      tail = text.slice(-'data: '.length)
      if (text.includes('[DONE]')) resolve()
    })
    socket.resume()
  })
  expect(events).toBe(count + 2)
  expect((await gateway.records(2)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
})
