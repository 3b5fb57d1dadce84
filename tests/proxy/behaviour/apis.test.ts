import { expect, test } from 'vitest'
import { errorOf, startGateway, startUpstream, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const OTHER_APIS = [
  ['/v1/completions', { prompt: 'Hi' }],
  ['/v1/embeddings', { input: ['Hi', 'there'] }],
  ['/v1/responses', { input: 'Hi' }],
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }],
] as const

test.for(OTHER_APIS)('%s: bytes in, bytes out, except the name of the model', async ([endpoint, body]) => {
  const { gateway, upstream } = await startWithUpstream({ mappings: { mine: 'openrouter:mock/normal' } })
  const rest = JSON.stringify(body).slice(1)
  const sent = `{ "seed":12345678901234567890, "temperature":1.0,\n"model" : "mine" ,"é":"\\u00e9", ${rest}`
  const response = await gateway.post(sent, {}, endpoint)
  expect([response.status, response.headers['x-upstream-request-id']]).toEqual([200, 'upstream-1'])
  expect(upstream.requests[0]).toMatchObject({
    path: `/api${endpoint}`,
    body: sent.replace('"mine"', '"mock/normal"'),
    headers: { authorization: 'Bearer upstream-key' },
  })
  const short = await gateway.post(sent, {}, endpoint.replace('/v1', ''))
  expect(short.status).toBe(200)
  const records = await gateway.records(2)
  expect(new Set(records.map((record) => record.endpoint))).toEqual(new Set([endpoint]))
  expect(records[0]).toMatchObject({ outcome: 'ok', request: JSON.parse(sent), bytes_in: Buffer.byteLength(sent) })
  if (endpoint !== '/v1/embeddings') expect(records[0]?.response).toEqual(JSON.parse(response.text))
})

test('the log holds size and hash of each vector, the same for both encodings', async () => {
  const { gateway } = await startWithUpstream()
  const ask = (more: object) => gateway.post({ model: 'mock/normal', input: ['a', 'b'], ...more }, {}, '/v1/embeddings')
  await ask({})
  await ask({ encoding_format: 'base64' })
  const [floats, base64] = await gateway.records(2)
  expect(floats?.response).toMatchObject({
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: { dimensions: 8, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      { object: 'embedding', index: 1, embedding: { dimensions: 8 } },
    ],
  })
  expect(base64?.response).toEqual(floats?.response)
  expect(floats?.usage).toEqual({ prompt_tokens: 7, total_tokens: 7 })
})

test('the error for an endpoint that a provider does not serve lists what it serves', async () => {
  const upstream = await startUpstream()
  const environment = { GEMINI_API_KEY: 'k', GEMINI_BASE_URL: upstream.url, OPENAI_API_KEY: 'k' }
  const gateway = await startGateway({ environment, mappings: { g: 'gemini:g', o: 'openai:o' } })
  const responses = await gateway.post({ model: 'g', input: 'Hi' }, {}, '/v1/responses')
  expect([responses.status, errorOf(responses)]).toMatchObject([
    400,
    {
      code: 'endpoint_not_supported',
      message: expect.stringMatching(/^gemini does not serve \/v1\/responses\. .*chat/),
    },
  ])
  const messages = await gateway.post({ model: 'o', messages: [{}] }, {}, '/v1/messages')
  expect([messages.status, JSON.parse(messages.text)]).toEqual([
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('openai does not serve /v1/messages') },
      request_id: messages.headers['request-id'],
    },
  ])
  const echo = await gateway.post({ model: 'echo', input: 'Hi' }, {}, '/v1/embeddings')
  expect(errorOf(echo).code).toBe('endpoint_not_supported')
  const unknown = await gateway.post({ model: 'x', input: 'Hi' }, {}, '/v1/embeddings')
  expect([unknown.status, errorOf(unknown).code]).toEqual([404, 'model_not_found'])
  const records = await gateway.records(4)
  expect(records[1]).toMatchObject({ outcome: 'rejected', response: { error: { code: 'endpoint_not_supported' } } })
})

test('providers of config.yml have their own address, keys, headers and APIs', async () => {
  const upstream = await startUpstream()
  const gateway = await startGateway({
    environment: { MY_CLAUDE_API_KEY: 'claude-key', VLLM_API_KEY: '' },
    mappings: { a: 'my-claude:mock/normal', b: 'vllm:mock/normal', c: 'keyless:mock/normal', d: 'missing:x' },
    config: {
      providers: {
        'my-claude': { base_url: `${upstream.url}/a/`, apis: ['messages'], key_header: 'x-api-key' },
        vllm: { base_url: `${upstream.url}/b`, key_required: false, headers: { 'X-Team': 'blue' } },
        keyless: { base_url: `${upstream.url}/c`, key_required: false, api_key_env: 'MY_CLAUDE_API_KEY' },
        missing: { base_url: `${upstream.url}/d` },
      },
    },
  })
  const body = { messages: [{ role: 'user', content: 'Hi' }] }
  expect((await gateway.post({ ...body, model: 'a' }, {}, '/v1/messages')).status).toBe(200)
  expect((await gateway.post({ ...body, model: 'a' })).status).toBe(400)
  expect((await gateway.post({ ...body, model: 'b' })).status).toBe(200)
  expect((await gateway.post({ ...body, model: 'c' })).status).toBe(200)
  const missing = await gateway.post({ ...body, model: 'd' })
  expect([missing.status, errorOf(missing).message]).toEqual([503, expect.stringContaining('MISSING_API_KEY')])
  const [claude, vllm, keyless] = upstream.requests
  expect(claude).toMatchObject({ path: '/a/messages', headers: { 'x-api-key': 'claude-key' } })
  expect(vllm).toMatchObject({ path: '/b/chat/completions', headers: { 'x-team': 'blue' } })
  expect(vllm?.headers.authorization).toBeUndefined()
  expect(keyless?.headers.authorization).toBe('Bearer claude-key')
})

test('of an answer that is too large for the log, the reason of its end and its usage are kept', async () => {
  const { gateway } = await startWithUpstream({ environment: { LOG_BODY_MAX_BYTES: '2000' } })
  const body = { model: 'mock/slow-0x3000', stream: true, stream_options: { include_usage: true } }
  await gateway.post({ ...body, messages: [{ role: 'user', content: 'Hi' }] })
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    outcome: 'ok',
    finish_reason: 'stop',
    usage: { total_tokens: 12 },
    truncated: ['response'],
    response: { _truncated: { sha256: expect.any(String), head: expect.stringContaining('"1 2 3 ') } },
  })
})
