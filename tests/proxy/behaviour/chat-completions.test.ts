import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { chat, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

test('the body reaches the provider byte for byte, except the model', async () => {
  const { gateway, upstream } = await startWithUpstream({ mappings: { short: 'openrouter:mock/normal' } })
  const body =
    '{ "seed": 12345678901234567890,\n "temperature": 1.0, "mod\\u0065l" : "short", "x": {"model":"inner"},\t"messages":[{"role":"user","content":null,"tool_calls":[{"é":"\\u00e9 🙂"}]}], "stop": "x" }\n'
  const response = await gateway.post(body)
  expect(response.status).toBe(200)
  expect(upstream.requests[0]?.body).toBe(body.replace('"short"', '"mock/normal"'))
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ model_original: 'short', model_mapped: 'mock/normal', provider: 'openrouter' })
})

test('a body that names two models reaches no provider', async () => {
  const { gateway, upstream } = await startWithUpstream()
  expect((await gateway.post('{"model":"nowhere","messages":[1],"model":"mock/normal"}')).status).toBe(400)
  expect(upstream.requests).toEqual([])
})

test('the provider sees its own key and none of the client’s headers', async () => {
  const { gateway, upstream } = await startWithUpstream({ environment: { API_KEYS: 'client-key' } })
  await gateway.post(chat('mock/normal'), {
    authorization: 'Bearer client-key',
    'x-stainless-lang': 'js',
    cookie: 'a=b',
    'x-title': 'My App',
  })
  expect(upstream.requests[0]?.path).toBe('/api/v1/chat/completions')
  const { host: _host, 'content-length': _length, ...headers } = upstream.requests[0]?.headers ?? {}
  expect(headers).toEqual({
    connection: 'keep-alive',
    authorization: 'Bearer upstream-key',
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'http-referer': 'http://localhost:8123',
    'x-title': 'My App',
  })
})

test('gemini is called at its own address with its own key', async () => {
  const { gateway, upstream } = await startWithUpstream({
    environment: { GEMINI_API_KEY: 'gemini-key', GEMINI_BASE_URL: 'http://127.0.0.1:1' },
    mappings: { 'gemini-*': 'gemini:gemini-*' },
  })
  const unreachable = await gateway.post(chat('gemini-x'))
  expect([unreachable.status, JSON.parse(unreachable.text).error.code]).toEqual([502, 'upstream_unreachable'])

  const withGemini = await startGateway({
    environment: { GEMINI_API_KEY: 'gemini-key', GEMINI_BASE_URL: `${upstream.url}/v1beta/openai/` },
    mappings: { 'gemini-*': 'gemini:gemini-*' },
  })
  await withGemini.post(chat('gemini-x'))
  expect(upstream.requests[0]).toMatchObject({
    path: '/v1beta/openai/chat/completions',
    headers: { authorization: 'Bearer gemini-key' },
  })
})

test('the client gets the provider’s bytes, its status and its ids', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/normal'))
  expect(response.status).toBe(200)
  expect(response.text).toBe(
    '{"id":"chatcmpl-mock-1","object":"chat.completion","created":1700000000,"model":"mock/normal","choices":[{"index":0,"message":{"role":"assistant","content":"Hello from the mock 🙂"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}',
  )
  expect(response.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(response.text)),
    'x-request-id': expect.stringMatching(/^req_[0-9a-f]{32}$/),
    'x-upstream-request-id': 'upstream-1',
    'x-ai-proxy-release': 'dev',
  })
})

test('answers of many megabytes are passed on', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/big-20000000'))
  expect(JSON.parse(response.text).choices[0].message.content).toBe('x'.repeat(20_000_000))
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'ok', truncated: ['response'], bytes_out: response.text.length })
  expect(record?.response).toEqual({
    model: 'mock/big-20000000',
    _truncated: {
      bytes: response.text.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      head: response.text.slice(0, 4096),
      tail: response.text.slice(-4096),
    },
  })
})

test('both forms of the path work and are logged as one', async () => {
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/normal'), {}, '/chat/completions')
  await gateway.post(chat('mock/normal'), {}, '/v1/chat/completions')
  const records = await gateway.records(2)
  expect(records.map(({ endpoint }) => endpoint)).toEqual(['/v1/chat/completions', '/v1/chat/completions'])
})

test('a compressed answer arrives readable', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/gzip'))
  expect(response.headers['content-encoding']).toBeUndefined()
  expect(JSON.parse(response.text).choices[0].message.content).toBe('Hello from the mock 🙂')
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok', finish_reason: 'stop' })
})

test('the official client accepts both modes', async () => {
  const { gateway } = await startWithUpstream({ environment: { API_KEYS: 'client-key' } })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key', maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const whole = await client.chat.completions.create({ model: 'mock/normal', messages })
  expect(whole.choices[0]?.message.content).toBe('Hello from the mock 🙂')
  expect(whole._request_id).toMatch(/^req_/)
  const stream = await client.chat.completions.create({ model: 'mock/normal', messages, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('Hello from the mock 🙂')
  const models = await client.models.list()
  // `mock/*` leads to the one model that the provider lists.
  expect(models.data.map(({ id }) => id)).toEqual(['echo', 'mock/normal'])
  await expect(client.chat.completions.create({ model: 'nope', messages })).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
    requestID: expect.stringMatching(/^req_/),
  })
})
