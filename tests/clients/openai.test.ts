import { gzipSync } from 'node:zlib'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { eventually, type GatewayOptions, startWithUpstream } from '../helpers/gateway/gateway.ts'

const KEY = 'a-key-for-the-official-client'
const WHOLE = 'Hello from the mock 🙂'

async function startWithClient(options: GatewayOptions = {}, maxRetries = 0) {
  const environment = { API_KEYS: KEY, ...options.environment }
  const { gateway, upstream } = await startWithUpstream({ ...options, environment })
  return { gateway, upstream, client: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries }) }
}

function asking(model: string, content = 'Hi there') {
  return { model, messages: [{ role: 'user' as const, content }] }
}

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    parse: JSON.parse,
    function: ({ city }: { city: string }) => `Snow in ${city}`,
  },
}

test('a completion, its usage and the id of the request', async () => {
  const { client, gateway } = await startWithClient()
  const completion = await client.chat.completions.create(asking('mock/normal'))
  expect(completion.choices[0]?.message.content).toBe(WHOLE)
  expect(completion.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 5 })
  const [record] = await gateway.records(1)
  expect(completion._request_id).toBe(record?.x_request_id)
})

test('a stream with usage', async () => {
  const { client } = await startWithClient()
  const options = { stream: true, stream_options: { include_usage: true } } as const
  const stream = await client.chat.completions.create({ ...asking('mock/normal'), ...options })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(WHOLE)
  expect(chunks.at(-1)?.usage?.total_tokens).toBe(12)
})

test.for(['bytes', 'split-utf8', 'crlf', 'comments', 'no-done', 'empty-choices'])(
  'the stream helper assembles a stream in the form %s',
  async (mode) => {
    const { client } = await startWithClient()
    const completion = await client.chat.completions.stream(asking(`mock/${mode}`)).finalChatCompletion()
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: WHOLE } })
  },
)

test.for([true, false])('the tools helper calls a tool and gets the answer (stream %s)', async (stream) => {
  const { client, gateway, upstream } = await startWithClient()
  const params = { ...asking('mock/tools', 'How is the weather in Oslo?'), tools: [WEATHER] }
  const runner = stream
    ? client.chat.completions.runTools({ ...params, stream })
    : client.chat.completions.runTools({ ...params, stream })
  expect(await runner.finalContent()).toBe(WHOLE)
  const [, second] = upstream.requests.map(({ body }) => JSON.parse(body))
  expect(second.messages.slice(1)).toMatchObject([
    { role: 'assistant', tool_calls: [{ id: 'call_a', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }] },
    { role: 'tool', tool_call_id: 'call_a', content: 'Snow in Oslo' },
  ])
  expect((await gateway.records(2)).map(({ finish_reason }) => finish_reason)).toEqual(['tool_calls', 'stop'])
})

test('leaving the loop cancels the upstream and leaves one record', async () => {
  const { client, gateway, upstream } = await startWithClient()
  const stream = await client.chat.completions.create({ ...asking('mock/slow-10x1000'), stream: true })
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content?.startsWith('3')) break
  }
  await eventually(() => expect(upstream.requests[0]?.end).toBe('aborted'))
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'client_aborted', status_code: 200 }])
})

test('aborting before the answer cancels the upstream', async () => {
  const { client, gateway, upstream } = await startWithClient()
  const aborted = new AbortController()
  const answer = client.chat.completions.create(asking('mock/hang'), { signal: aborted.signal })
  await eventually(() => expect(upstream.requests).toHaveLength(1))
  aborted.abort()
  await expect(answer).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
  await eventually(() => expect(upstream.requests[0]?.end).toBe('aborted'))
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'client_aborted', status_code: 499 }])
})

test.for([429, 500, 503])('status %s is tried again as often as the client wants', async (status) => {
  const { client, gateway, upstream } = await startWithClient({}, 2)
  const completion = await client.chat.completions.create(asking(`mock/fail-${status}x2`))
  expect(completion.choices[0]?.message.content).toBe(WHOLE)
  expect(upstream.requests).toHaveLength(3)
  expect((await gateway.records(3)).map(({ status_code }) => status_code)).toEqual([status, status, 200])
})

test.for([429, 500, 503])('status %s with x-should-retry: false is not tried again', async (status) => {
  const { client, upstream } = await startWithClient({}, 2)
  const answer = client.chat.completions.create(asking(`mock/no-retry-${status}`))
  await expect(answer).rejects.toMatchObject({ status, code: status, type: 'mock_error' })
  expect(upstream.requests).toHaveLength(1)
})

test.for([
  ['mock/400', OpenAI.BadRequestError, { code: 'unsupported_parameter', param: null }],
  ['mock/402', OpenAI.APIError, { status: 402 }],
  ['mock/429', OpenAI.RateLimitError, { code: 'rate_limit_exceeded' }],
  ['mock/503-html', OpenAI.InternalServerError, { status: 503, code: 'upstream_error' }],
  ['mock/401', OpenAI.InternalServerError, { status: 502, code: 'upstream_auth_error' }],
  ['nobody/knows', OpenAI.NotFoundError, { code: 'model_not_found' }],
] as const)('%s is an error of the right class', async ([model, errorClass, fields]) => {
  const { client } = await startWithClient()
  const error = await client.chat.completions.create(asking(model)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(errorClass)
  expect(error).toMatchObject({ ...fields, requestID: expect.any(String) })
})

test('a wrong key is an authentication error', async () => {
  const { client } = await startWithClient()
  const stranger = client.withOptions({ apiKey: 'another-key-altogether' })
  const error = await stranger.chat.completions.create(asking('mock/normal')).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
  expect(error).toMatchObject({ code: 'invalid_api_key' })
})

test.for([401, 413])('the status %s of a large body that is not read is seen', async (status) => {
  const { client } = await startWithClient({ config: { limits: { body_mib: 1 } } })
  const asked = status === 401 ? client.withOptions({ apiKey: 'another-key-altogether' }) : client
  const answer = asked.chat.completions.create(asking('mock/normal', 'x'.repeat(20_000_000)))
  await expect(answer).rejects.toMatchObject({ status })
})

test('compressed requests are understood', async () => {
  const { client, upstream } = await startWithClient()
  const gzipped: typeof fetch = (url, init) => {
    const headers = new Headers(init?.headers)
    headers.set('content-encoding', 'gzip')
    return fetch(url, { ...init, headers, body: gzipSync(String(init?.body)) })
  }
  const completion = await client.withOptions({ fetch: gzipped }).chat.completions.create(asking('mock/normal'))
  expect(completion.choices[0]?.message.content).toBe(WHOLE)
  expect(JSON.parse(upstream.requests[0]?.body ?? '')).toMatchObject(asking('mock/normal'))
})

test.for(['/v1/', '//v1', '/v1/v1'])('a base URL that ends with %s works', async (path) => {
  const { client, gateway } = await startWithClient()
  const completion = await client
    .withOptions({ baseURL: gateway.url + path })
    .chat.completions.create(asking('mock/normal'))
  expect(completion.choices[0]?.message.content).toBe(WHOLE)
})

test.for(['cut-3', 'reset-3', 'error-chunk'])('a stream that fails (%s) throws', async (mode) => {
  const { client } = await startWithClient()
  const stream = await client.chat.completions.create({ ...asking(`mock/${mode}`), stream: true })
  const read = async () => {
    for await (const _ of stream);
  }
  await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError)
})

test('a Responses stream has its events by name and its final object', async () => {
  const { client, gateway } = await startWithClient()
  const stream = client.responses.stream({ model: 'mock/normal', input: 'Hi there' })
  const types: string[] = []
  for await (const event of stream) types.push(event.type)
  expect(types).toMatchObject({ 0: 'response.created', length: 13 })
  const response = await stream.finalResponse()
  expect(response).toMatchObject({ status: 'completed', output_text: WHOLE })
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    endpoint: '/v1/responses',
    outcome: 'ok',
    response: { id: response.id, status: 'completed' },
  })
})

test('a Responses answer without a stream', async () => {
  const { client } = await startWithClient()
  const response = await client.responses.create({ model: 'mock/normal', input: 'Hi there' })
  expect(response).toMatchObject({ output_text: WHOLE, usage: { total_tokens: 12 } })
})

test.for(['cut-6', 'reset-6', 'error-event'])('a Responses stream that fails (%s) throws', async (mode) => {
  const { client, gateway } = await startWithClient()
  const stream = await client.responses.create({ model: `mock/${mode}`, input: 'Hi there', stream: true })
  const read = async () => {
    for await (const event of stream) if (event.type === 'error') throw new Error(event.message)
  }
  await expect(read()).rejects.toThrow()
  expect((await gateway.records(1))[0]?.outcome).toMatch(/^upstream_/)
})

test.for(['cut-6', 'reset-6'])(
  'a loop over a Responses stream that is cut (%s) does not end as if it were whole',
  async (mode) => {
    const { client } = await startWithClient()
    const stream = await client.responses.create({ model: `mock/${mode}`, input: 'Hi there', stream: true })
    const read = async () => {
      for await (const _ of stream);
    }
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError)
  },
)

test.for(['failed', 'incomplete'])('a Responses stream that ends as %s says so', async (mode) => {
  const { client, gateway } = await startWithClient()
  const stream = await client.responses.create({ model: `mock/${mode}`, input: 'Hi there', stream: true })
  const types: string[] = []
  for await (const event of stream) types.push(event.type)
  expect(types.at(-1)).toBe(`response.${mode}`)
  expect((await gateway.records(1))[0]).toMatchObject({ response: { status: mode } })
})

test('embeddings come as the client wants them, and the log holds digests', async () => {
  const { client, gateway } = await startWithClient()
  const request = { model: 'mock/normal', input: ['one', 'two'] }
  const floats = await client.embeddings.create({ ...request, encoding_format: 'float' })
  // Without a format the client asks for base64 and decodes it.
  const decoded = await client.embeddings.create(request)
  expect(floats.data.map(({ embedding }) => embedding)).toHaveLength(2)
  expect(decoded.data.map(({ embedding }) => [...embedding])).toEqual(floats.data.map(({ embedding }) => embedding))
  for (const { response } of await gateway.records(2)) {
    const digest = { dimensions: 8, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }
    expect(response).toMatchObject({ data: [{ embedding: digest }, { embedding: digest }] })
  }
})

test('the older completions, streamed and not', async () => {
  const { client } = await startWithClient()
  const whole = await client.completions.create({ model: 'mock/normal', prompt: 'Hi' })
  expect(whole.choices[0]?.text).toBe(WHOLE)
  const stream = await client.completions.create({ model: 'mock/normal', prompt: 'Hi', stream: true })
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.text
  expect(text).toBe(WHOLE)
})

test('models are listed and found by id', async () => {
  const { client } = await startWithClient({ mappings: { 'org/gpt': 'openrouter:openai/gpt' } })
  const models = []
  for await (const model of client.models.list()) models.push(model.id)
  expect(models).toContain('org/gpt')
  expect(await client.models.retrieve('org/gpt')).toMatchObject({ id: 'org/gpt', owned_by: 'openrouter' })
  await expect(client.models.retrieve('nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
})
