import OpenAI from 'openai'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, chunksOf, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const WHOLE = 'Hello from the mock 🙂'

function contentOf(text: string): string {
  return chunksOf(text)
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('')
}

test('events arrive as the provider wrote them, with the headers of an event stream', async () => {
  const { gateway, upstream } = await startWithUpstream()
  const direct = await request(`${upstream.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(chat('mock/normal', { stream: true })),
  })
  const expected = (await direct.body.text()).replaceAll('chatcmpl-mock-1', 'chatcmpl-mock-2')
  const response = await gateway.post(chat('mock/normal', { stream: true }))
  expect(response.text).toBe(expected)
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-generation-id': 'gen-mock',
    'x-upstream-request-id': 'upstream-2',
  })
  expect(response.headers['content-length']).toBeUndefined()
})

test.for(['bytes', 'split-utf8', 'one-write', 'crlf', 'comments', 'no-space', 'no-newline'])(
  'a stream in the form %s arrives complete and is logged complete',
  async (mode) => {
    const { gateway } = await startWithUpstream()
    const response = await gateway.post(chat(`mock/${mode}`, { stream: true }))
    expect(contentOf(response.text.replaceAll('\r', ''))).toBe(WHOLE)
    expect(response.text.match(/\[DONE\]/g)).toHaveLength(1)
    expect(response.text).toMatch(/\[DONE\](\n\n|\r\n\r\n)$/)
    const [record] = await gateway.records(1)
    expect(record).toMatchObject({ outcome: 'ok', finish_reason: 'stop', bytes_out: Buffer.byteLength(response.text) })
    expect(record?.response).toMatchObject({ choices: [{ message: { content: WHOLE } }] })
  },
)

test('comments and usage are passed on', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/comments', { stream: true, stream_options: { include_usage: true } }))
  expect(response.text).toContain(': PROCESSING\n\n')
  expect(chunksOf(response.text).at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } })
  const [record] = await gateway.records(1)
  expect(record?.usage).toEqual({ prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 })
})

test('[DONE] is added if the answer is complete without it', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/no-done', { stream: true }))
  expect(contentOf(response.text)).toBe(WHOLE)
  expect(response.text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true)
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok', finish_reason: 'stop' })
})

test.for(['cut-3', 'reset-3'])('a stream that breaks off (%s) ends with an error and without [DONE]', async (mode) => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat(`mock/${mode}`, { stream: true }))
  expect(response.status).toBe(200)
  expect(response.text).not.toContain('[DONE]')
  expect(chunksOf(response.text).at(-1)).toEqual({
    error: {
      message: 'Upstream connection closed before completion',
      type: 'server_error',
      param: null,
      code: 'upstream_disconnected',
    },
  })
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'upstream_truncated', status_code: 200, finish_reason: null })
  if (mode === 'cut-3') {
    expect(record?.response).toMatchObject({ choices: [{ message: { content: 'Hello from' }, finish_reason: null }] })
  }
})

test('the official client sees a broken stream as an error', async () => {
  const { gateway } = await startWithUpstream()
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x', maxRetries: 0 })
  const stream = await client.chat.completions
    .create({ model: 'mock/cut-3', messages: [], stream: true })
    .catch((e) => e)
  expect(stream).toMatchObject({ status: 400, code: 'empty_array' })
  const broken = await client.chat.completions.create({
    model: 'mock/cut-3',
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
  })
  const read = async () => {
    for await (const _ of broken);
  }
  await expect(read()).rejects.toMatchObject({ code: 'upstream_disconnected' })
})

test('an error of the provider in the stream is passed on unchanged', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/error-chunk', { stream: true }))
  expect(chunksOf(response.text).at(-1)).toMatchObject({ error: { message: 'Provider disconnected', code: 502 } })
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'upstream_error', finish_reason: 'error' })
  expect(record?.response).toMatchObject({ error: { message: 'Provider disconnected' } })
})

test('one JSON body becomes a stream if a stream was requested', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/json-for-stream', { stream: true }))
  expect(response.headers['content-type']).toBe('text/event-stream')
  expect(chunksOf(response.text)).toMatchObject([
    { object: 'chat.completion.chunk', choices: [{ delta: { content: WHOLE }, finish_reason: 'stop' }] },
  ])
  expect(response.text.endsWith('data: [DONE]\n\n')).toBe(true)
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'ok', finish_reason: 'stop', response: { object: 'chat.completion' } })
})

test('an error with status 200 gets an honest status if a stream was requested; else it is passed on', async () => {
  const { gateway } = await startWithUpstream()
  const streamed = await gateway.post(chat('mock/error-200', { stream: true }))
  expect(streamed.status).toBe(502)
  const whole = await gateway.post(chat('mock/error-200'))
  expect(whole.status).toBe(200)
  expect(JSON.parse(whole.text).error.message).toBe('Provider returned error')
  expect((await gateway.records(2)).map(({ outcome }) => outcome)).toEqual(['upstream_error', 'upstream_error'])
})

test('choices, tool calls, reasoning, refusals and usage are assembled for the log', async () => {
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/rich', { stream: true }))
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ finish_reason: 'tool_calls', usage: { cost: 0.000123 } })
  expect(record?.response).toEqual({
    id: 'chatcmpl-mock-1',
    object: 'chat.completion',
    created: 1700000000,
    model: 'mock/rich',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: '',
          reasoning: 'Let me think',
          tool_calls: [
            { index: 0, id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
            { index: 1, id: 'call_b', type: 'function', function: { name: 'time', arguments: '{}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
      { index: 1, message: { role: 'assistant', content: '', refusal: 'I cannot' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12, cost: 0.000123 },
  })
})

test('the first event is not held back until the second', async () => {
  const { gateway } = await startWithUpstream()
  const response = await request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat('mock/hang-after-1', { stream: true })),
  })
  expect(response.headers['content-type']).toBe('text/event-stream')
  const { value } = await response.body[Symbol.asyncIterator]().next()
  expect(String(value)).toMatch(/^data: .*\n\n$/)
  response.body.destroy()
  response.body.on('error', () => {})
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'client_aborted', status_code: 200 })
})
