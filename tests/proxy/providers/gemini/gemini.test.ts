import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import OpenAI from 'openai'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfigFile } from '../../../../kit/gateway-config/config-file.ts'
import {
  chat,
  chunksOf,
  dialogWithFirst,
  errorOf,
  startGateway,
  startUpstream,
} from '../../../helpers/gateway/gateway.ts'

const MAPPINGS = { 'gemini-*': 'gemini:gemini-*', 'mock/*': 'gemini:mock/*' }
const THINKING_MS = 200
const SKIP = 'skip_thought_signature_validator'

async function startGemini(url: string, environment: Record<string, string> = {}, config: object = {}) {
  const base = { GEMINI_API_KEY: 'google-key', GEMINI_BASE_URL: `${url}/v1beta/openai`, ...environment }
  return startGateway({ environment: base, mappings: MAPPINGS, config })
}

async function startWithMock(environment: Record<string, string> = {}, config: object = {}) {
  const upstream = await startUpstream()
  return { upstream, gateway: await startGemini(upstream.url, environment, config) }
}

/** A provider that answers every request in this way. */
async function startProvider(answer: (response: ServerResponse, key: string, body: string) => void) {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    answer(response, String(request.headers.authorization), Buffer.concat(pieces).toString())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('errors of Google get the form of OpenAI, streamed or not', async () => {
  const { gateway } = await startWithMock()
  for (const stream of [false, true]) {
    const invalid = await gateway.post(chat('mock/gemini-invalid', { stream }))
    expect([invalid.status, invalid.headers['content-type']]).toEqual([400, 'application/json'])
    expect(errorOf(invalid)).toEqual({
      message: 'Invalid JSON payload received. Unknown name "seed"',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_argument',
    })
    const limited = await gateway.post(chat('mock/gemini-quota', { stream }))
    expect([limited.status, errorOf(limited).code]).toEqual([429, 'rate_limit_exceeded'])
    expect(limited.headers).toMatchObject({ 'retry-after': '18', 'retry-after-ms': '17400' })
    const overloaded = await gateway.post(chat('mock/gemini-overloaded', { stream }))
    expect([overloaded.status, errorOf(overloaded).message]).toEqual([503, 'The model is overloaded.'])
  }
  const [record] = await gateway.records(6)
  expect(record).toMatchObject({ status_code: 400, outcome: 'upstream_error', provider: 'gemini' })
  expect(record?.response).toMatchObject({ error: { code: 'invalid_argument' } })
})

test('a key that Google does not know is reported to the operator, not to the client', async () => {
  const { gateway } = await startWithMock()
  const response = await gateway.post(chat('mock/gemini-key'))
  expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_auth_error'])
  expect(response.headers['x-should-retry']).toBe('false')
  await gateway.records(1)
  expect(gateway.operatorLog.join('')).toContain("refused the gateway's key")
})

test('another key is used if Google refuses one in the body, and the refused key is not used again', async () => {
  const keys: string[] = []
  const details = [{ reason: 'API_KEY_INVALID' }]
  const provider = await startProvider((response, key) => {
    keys.push(key)
    const isBad = key === 'Bearer bad'
    const completion = { choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] }
    const body = isBad ? [{ error: { code: 400, message: 'x', status: 'INVALID_ARGUMENT', details } }] : completion
    const send = () => {
      response.writeHead(isBad ? 400 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    setTimeout(send, isBad ? 0 : THINKING_MS)
  })
  const gateway = await startGemini(provider.url, { GEMINI_API_KEY: 'bad,good' })
  const dialog = dialogWithFirst(['bad', 'good'])
  for (let request = 0; request < 3; request++) expect((await gateway.post(chat('gemini-x'), dialog)).status).toBe(200)
  expect(keys).toEqual(['Bearer bad', 'Bearer good', 'Bearer good', 'Bearer good'])
  const [first] = await gateway.records(3)
  expect(first).toMatchObject({ outcome: 'ok', status_code: 200, finish_reason: 'stop' })
  // The time that the second key needed is not the gateway's.
  expect(first?.latency_ms).toBeGreaterThan(Number(first?.overhead_ms) + THINKING_MS - 5)
})

test('the fallback answers if every key is refused', async () => {
  const { gateway } = await startWithMock({}, { fallbacks: { 'mock/gemini-key': ['echo'] } })
  const response = await gateway.post(chat('mock/gemini-key'))
  expect([response.status, JSON.parse(response.text).choices[0].message.content]).toEqual([200, 'Hi there'])
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok', provider: 'echo' })
})

test('streamed tool calls are numbered, the end says tool_calls, and tokens are reported once', async () => {
  const { gateway } = await startWithMock()
  const response = await gateway.post(chat('mock/gemini-tools', { stream: true }))
  const chunks = chunksOf(response.text)
  expect(chunks.map(({ choices: [choice] }) => choice)).toMatchObject([
    { delta: { tool_calls: [{ index: 0, id: 'function-call-0' }] } },
    { delta: { tool_calls: [{ index: 1, id: 'function-call-1' }] } },
    { delta: {}, finish_reason: 'tool_calls' },
  ])
  expect(chunks.map(({ usage }) => usage)).toMatchObject([null, null, { total_tokens: 12 }])
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'ok', finish_reason: 'tool_calls', usage: { total_tokens: 12 } })
})

test('the official client assembles parallel calls', async () => {
  const { gateway } = await startWithMock()
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x', maxRetries: 0 })
  const stream = client.chat.completions.stream({
    model: 'gemini-3-pro',
    messages: [{ role: 'user', content: 'mock/gemini-tools' }],
    tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }],
  })
  const { choices, usage } = await stream.finalChatCompletion()
  expect(choices[0]?.finish_reason).toBe('tool_calls')
  expect(choices[0]?.message.tool_calls).toMatchObject([
    { id: 'function-call-0', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    { id: 'function-call-1', function: { name: 'weather', arguments: '{"city":"Bergen"}' } },
  ])
  expect(usage?.total_tokens).toBe(12)
  const error = await client.chat.completions
    .create({ model: 'mock/gemini-invalid', messages: [{ role: 'user', content: 'x' }] })
    .catch((reason) => reason)
  expect(error).toMatchObject({ status: 400, code: 'invalid_argument', type: 'invalid_request_error' })
})

test.for([false, true])(
  'signatures are restored in calls that a client sends without them (stream: %s)',
  async (stream) => {
    const { gateway, upstream } = await startWithMock({ API_KEYS: `stream-${stream}` })
    const authorization = `Bearer stream-${stream}`
    const ask = { role: 'user', content: 'mock/gemini-tools' }
    await gateway.post({ model: 'gemini-3-pro', messages: [ask], stream }, { authorization })
    const assistant = (...calls: object[]) => ({ role: 'assistant', content: null, tool_calls: calls })
    const call = (id: string) => ({ id, type: 'function', function: { name: 'weather', arguments: '{}' } })
    const signed = (id: string, signature: string) => ({
      extra_content: { google: { thought_signature: signature } },
      ...call(id),
    })
    const turns = [assistant(call('function-call-0'), call('function-call-1')), assistant(call('elsewhere'))]
    const body = { model: 'gemini-3-pro', messages: [ask, ...turns, { role: 'user', content: 'mock/normal' }] }
    await gateway.post(body, { authorization })
    expect(JSON.parse(upstream.requests[1]?.body ?? '').messages.slice(1, 3)).toEqual([
      assistant(signed('function-call-0', 'c2lnbmF0dXJl0'), signed('function-call-1', 'c2lnbmF0dXJl1')),
      assistant(signed('elsewhere', SKIP)),
    ])
    const older = JSON.stringify({ ...body, model: 'gemini-2.5-pro' })
    await gateway.post(older, { authorization })
    expect(upstream.requests[2]?.body).toBe(older)
    const records = await gateway.records(3)
    expect(records[1]?.request).toEqual(body)
  },
)

test('signatures are kept when the configuration changes', async () => {
  const { gateway, upstream } = await startWithMock({ API_KEYS: 'reloading' })
  const authorization = 'Bearer reloading'
  const ask = { role: 'user', content: 'mock/gemini-tools' }
  await gateway.post({ model: 'gemini-3-pro', messages: [ask] }, { authorization })
  gateway.gateway.reconfigure(parseConfigFile(JSON.stringify({ model_mappings: MAPPINGS }), 'config.yml'))
  const call = { id: 'function-call-0', type: 'function', function: { name: 'weather', arguments: '{}' } }
  const next = [ask, { role: 'assistant', tool_calls: [call] }, { role: 'user', content: 'mock/normal' }]
  await gateway.post({ model: 'gemini-3-pro', messages: next }, { authorization })
  expect(upstream.requests[1]?.body).toContain('c2lnbmF0dXJl0')
  await gateway.records(2)
})

/** Refuses a tool call without its signature, as Gemini 3 and later do. */
function answerStrictly(response: ServerResponse, body: string): void {
  const messages: { role: string; tool_calls?: { extra_content?: object }[] }[] = JSON.parse(body).messages
  const calls = messages.find(({ tool_calls }) => tool_calls)?.tool_calls
  const extra = { extra_content: { google: { thought_signature: 'c2lnbmF0dXJl' } } }
  const event = (choice: object) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`
  if (calls && JSON.stringify(calls[0]?.extra_content) !== JSON.stringify(extra.extra_content)) {
    const error = { code: 400, message: 'Function call is missing a thought_signature', status: 'INVALID_ARGUMENT' }
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify([{ error }]))
    return
  }
  const call = { ...extra, id: 'jm4owj31', type: 'function', function: { name: 'weather', arguments: '{}' } }
  const delta = calls ? { content: 'Snow.' } : { tool_calls: [call] }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${event({ delta: { role: 'assistant', ...delta } })}${event({ delta: {}, finish_reason: 'stop' })}`)
}

test('a client that drops signatures talks to a model that checks them', async () => {
  const provider = await startProvider((response, _key, body) => answerStrictly(response, body))
  const gateway = await startGemini(provider.url)
  const configuration = { baseURL: `${gateway.url}/v1` }
  const tool = { type: 'function' as const, function: { name: 'weather', parameters: {} } }
  const model = new ChatOpenAI({ model: 'gemini-3-flash', apiKey: 'x', maxRetries: 0, configuration }).bindTools([tool])
  const ask = new HumanMessage('How is the weather?')
  let called = new AIMessageChunk('')
  for await (const piece of await model.stream([ask])) called = called.concat(piece)
  expect(called.tool_calls).toMatchObject([{ id: 'jm4owj31', name: 'weather' }])
  const result = new ToolMessage({ tool_call_id: 'jm4owj31', content: 'snow' })
  let answer = ''
  for await (const piece of await model.stream([ask, called, result])) answer += piece.content
  expect(answer).toBe('Snow.')
  await gateway.records(2)
})

test('signatures of one key are not used for another', async () => {
  const { gateway, upstream } = await startWithMock({ API_KEYS: 'one,two' })
  const ask = { role: 'user', content: 'mock/gemini-tools' }
  const call = { id: 'function-call-0', type: 'function', function: { name: 'weather', arguments: '{}' } }
  const next = [ask, { role: 'assistant', tool_calls: [call] }, { role: 'user', content: 'mock/normal' }]
  await gateway.post({ model: 'gemini-3-pro', messages: [ask] }, { authorization: 'Bearer one' })
  for (const key of ['one', 'two']) {
    await gateway.post({ model: 'gemini-3-pro', messages: next }, { authorization: `Bearer ${key}` })
  }
  expect(upstream.requests[1]?.body).toContain('c2lnbmF0dXJl0')
  expect(upstream.requests[2]?.body).toContain(SKIP)
  await gateway.records(3)
})

test('an error in the middle of a stream reaches the client as an error, in each of Google’s forms', async () => {
  const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }
  const text = 'data: {"choices":[{"delta":{"content":"Hel","role":"assistant"},"index":0}]}\n\n'
  const forms = [`data: ${JSON.stringify([error])}\n\n`, `${JSON.stringify(error, null, 2)}`]
  const provider = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text + forms.shift())
  })
  const gateway = await startGemini(provider.url)
  for (let form = 0; form < 2; form++) {
    const response = await gateway.post(chat('gemini-3-pro', { stream: true }))
    expect(response.text).not.toContain('[DONE]')
    expect(chunksOf(response.text)).toMatchObject([
      { choices: [{ delta: { content: 'Hel' } }] },
      { error: { message: 'The model is overloaded.', type: 'server_error', code: 'unavailable' } },
    ])
    expect(response.text).toMatch(/^data: .*\n\ndata: .*\n\n\n*$/)
  }
  for (const record of await gateway.records(2)) {
    expect(record).toMatchObject({ outcome: 'upstream_error', status_code: 200 })
    expect(record.response).toMatchObject({
      choices: [{ message: { content: 'Hel' } }],
      error: { code: 'unavailable' },
    })
  }
})

test('images, schemas and large numbers reach Google unchanged', async () => {
  const { gateway, upstream } = await startWithMock()
  const body = `{ "model":"gemini-2.5-flash", "seed":12345678901234567890, "temperature":1.0,
    "messages":[{"role":"user","content":[{"type":"text","text":"mock/normal"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}],
    "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}},
    "extra_body":{"google":{"thinking_config":{"thinking_budget":0}}} }`
  expect((await gateway.post(body)).status).toBe(200)
  expect(upstream.requests[0]).toMatchObject({ body, path: '/v1beta/openai/chat/completions' })
  expect(upstream.requests[0]?.headers).toMatchObject({ authorization: 'Bearer google-key' })
  await gateway.records(1)
})
