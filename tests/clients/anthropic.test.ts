import Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import { eventually, startGateway, startUpstream } from '../helpers/gateway/gateway.ts'

const KEY = 'a-key-for-the-official-client'
const WHOLE = 'Hello from the mock 🙂'

async function startWithClient() {
  const upstream = await startUpstream()
  const environment = {
    API_KEYS: `claude-code:${KEY}`,
    ANTHROPIC_API_KEY: 'upstream-key',
    ANTHROPIC_BASE_URL: `${upstream.url}/v1`,
  }
  const gateway = await startGateway({ environment, mappings: { 'mock/*': 'anthropic:mock/*' } })
  return { upstream, gateway, client: new Anthropic({ baseURL: gateway.url, apiKey: KEY, maxRetries: 0 }) }
}

function asking(model: string) {
  return { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi there' }] }
}

test('a message is sent with our key to the gateway and with the gateway’s key to the provider', async () => {
  const { client, gateway, upstream } = await startWithClient()
  const message = await client.messages.create(asking('mock/normal'))
  expect(message).toMatchObject({ content: [{ type: 'text', text: WHOLE }], stop_reason: 'end_turn' })
  expect(upstream.requests[0]?.headers).toMatchObject({
    'x-api-key': 'upstream-key',
    'anthropic-version': expect.stringMatching(/^\d{4}-/),
  })
  expect(upstream.requests[0]?.headers.authorization).toBeUndefined()
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    endpoint: '/v1/messages',
    api_key_name: 'claude-code',
    finish_reason: 'end_turn',
    usage: { input_tokens: 7, output_tokens: 5 },
  })
  expect(message._request_id).toBe(record?.x_request_id)
})

test.for([401, 413])('the status %s of a large body that is not read is seen', async (status) => {
  const { client } = await startWithClient()
  const asked = status === 401 ? client.withOptions({ apiKey: 'another-key-altogether' }) : client
  const messages = [{ role: 'user' as const, content: 'x'.repeat(40_000_000) }]
  await expect(asked.messages.create({ ...asking('mock/normal'), messages })).rejects.toMatchObject({ status })
})

test('a base URL that ends with /v1, as OpenAI’s do, works', async () => {
  const { client, gateway } = await startWithClient()
  const message = await client.withOptions({ baseURL: `${gateway.url}/v1` }).messages.create(asking('mock/normal'))
  expect(message.content).toHaveLength(1)
})

test('a client that sends its key as x-api-key', async () => {
  const { client, upstream } = await startWithClient()
  const headers = { 'x-api-key': KEY, authorization: null }
  const message = await client.withOptions({ defaultHeaders: headers }).messages.create(asking('mock/normal'))
  expect(message.content).toHaveLength(1)
  expect(upstream.requests[0]?.headers['x-api-key']).toBe('upstream-key')
})

test.for([
  ['normal', 'end_turn', [{ type: 'text', text: WHOLE }]],
  [
    'tools',
    'tool_use',
    [
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Oslo' } },
    ],
  ],
  [
    'thinking',
    'end_turn',
    [
      { type: 'thinking', thinking: 'Let me think', signature: 'c2lnbmF0dXJl' },
      { type: 'text', text: WHOLE },
    ],
  ],
] as const)('the stream helper and the log put %s together', async ([mode, stopReason, content]) => {
  const { client, gateway } = await startWithClient()
  const message = await client.messages.stream(asking(`mock/${mode}`)).finalMessage()
  expect(message).toMatchObject({ content, stop_reason: stopReason, usage: { input_tokens: 7, output_tokens: 5 } })
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    outcome: 'ok',
    finish_reason: stopReason,
    usage: { input_tokens: 7, output_tokens: 5 },
    response: { type: 'message', role: 'assistant', content, stop_reason: stopReason },
  })
})

test.for(['cut-4', 'reset-4', 'error-event'])('a stream that fails (%s) throws', async (mode) => {
  const { client, gateway } = await startWithClient()
  const stream = await client.messages.create({ ...asking(`mock/${mode}`), stream: true })
  const read = async () => {
    for await (const _ of stream);
  }
  await expect(read()).rejects.toBeInstanceOf(Anthropic.APIError)
  expect((await gateway.records(1))[0]?.outcome).toMatch(/^upstream_/)
})

test.for([
  ['mock/400', Anthropic.BadRequestError, 400, 'invalid_request_error'],
  ['mock/429', Anthropic.RateLimitError, 429, 'rate_limit_error'],
  ['mock/overloaded', Anthropic.InternalServerError, 529, 'overloaded_error'],
  ['nobody/knows', Anthropic.NotFoundError, 404, 'not_found_error'],
] as const)('%s is an error of the right class', async ([model, errorClass, status, type]) => {
  const { client } = await startWithClient()
  const error = await client.messages.create(asking(model)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(errorClass)
  expect(error).toMatchObject({ status, error: { type: 'error', error: { type } }, requestID: expect.any(String) })
})

test('a wrong key is an authentication error', async () => {
  const { client } = await startWithClient()
  const error = await client
    .withOptions({ apiKey: 'another-key-altogether' })
    .messages.create(asking('mock/normal'))
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Anthropic.AuthenticationError)
})

test('aborting a stream cancels the upstream', async () => {
  const { client, gateway, upstream } = await startWithClient()
  const stream = client.messages.stream(asking('mock/slow-10x1000'))
  stream.on('text', () => stream.abort())
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError)
  await eventually(() => expect(upstream.requests[0]?.end).toBe('aborted'))
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'client_aborted' }])
})
