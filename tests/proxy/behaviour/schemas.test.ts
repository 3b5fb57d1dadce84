import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { chatAsStream } from '../../../proxy/apis/chat-as-stream.ts'
import { messages } from '../../../proxy/apis/messages.ts'
import { openAiErrors } from '../../../proxy/apis/openai-errors.ts'
import { responses } from '../../../proxy/apis/responses.ts'
import { ALL_PROBLEMS } from '../../helpers/gateway/all-problems.ts'
import { chat, chunksOf, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const FOLDER = new URL('schemas/', import.meta.url)
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
for (const name of readdirSync(FOLDER)) ajv.addSchema(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')))

/** Fails with all that is wrong with the value, or with the text if it is not JSON. */
function expectValid(schema: string, value: unknown): void {
  const json: unknown = typeof value === 'string' ? JSON.parse(value) : value
  ajv.validate(schema, json)
  expect({ json, errors: ajv.errors }).toEqual({ json, errors: null })
}

test.for(Object.entries(ALL_PROBLEMS))('the error %s has the form of each API', ([, problem]) => {
  const dataOf = (event: string) => /^(?:event: error\n)?data: (.*)\n\n$/.exec(event)?.[1]
  expectValid('error.json', openAiErrors.json(problem, 'req_1'))
  expectValid('error.json', dataOf(openAiErrors.event(problem, 'req_1', 3)))
  expectValid('error.json', responses.errors.json(problem, 'req_1'))
  expectValid('response-error-event.json', dataOf(responses.errors.event(problem, 'req_1', 3)))
  expectValid('anthropic-error.json', messages.errors.json(problem, 'req_1'))
  expectValid('anthropic-error.json', dataOf(messages.errors.event(problem, 'req_1', 3)))
})

test('every error that is sent is an error object, whichever part notices it', async () => {
  const { gateway } = await startWithUpstream({
    environment: { GEMINI_API_KEY: 'x', GEMINI_BASE_URL: 'http://127.0.0.1:1' },
    mappings: { unset: 'openai:gpt', unreachable: 'gemini:gemini' },
    config: { limits: { body_mib: 1 } },
  })
  const { post, get } = gateway
  const answers = await Promise.all([
    post('{"model":'),
    post({ messages: [] }),
    post({ model: 'echo', messages: [] }),
    post(chat('nobody/knows')),
    post(chat('unset')),
    post(chat('mock/401')),
    post(chat('mock/503-html')),
    post(chat('unreachable')),
    post(chat('x'.repeat(1_100_000))),
    post(chat('echo'), { 'content-type': 'text/plain' }),
    post({}, {}, '/v1/nothing'),
    get('/v1/chat/completions'),
    get('/v1/models/nobody'),
    get('/%'),
  ])
  const statuses = [400, 400, 400, 404, 503, 502, 503, 502, 413, 415, 404, 405, 404, 404]
  expect(answers.map(({ status }) => status)).toEqual(statuses)
  for (const { headers, text: body } of answers) {
    expect(headers['content-type']).toMatch(/^application\/json/)
    expectValid('error.json', body)
  }
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.end('this is not HTTP\r\n\r\n')
  const malformed = await text(socket)
  expectValid('error.json', malformed.slice(malformed.indexOf('\r\n\r\n')))
})

test('errors of /v1/messages have the form of that API', async () => {
  const { gateway } = await startWithUpstream({ environment: { API_KEYS: 'a-key-of-some-length' } })
  const key = { 'x-api-key': 'a-key-of-some-length' }
  const answers = await Promise.all([
    gateway.post(chat('mock/normal'), {}, '/v1/messages'),
    gateway.post(chat('nobody/knows'), key, '/v1/messages'),
    gateway.post('{', key, '/v1/messages'),
    gateway.post(chat('mock/503-html'), key, '/v1/messages'),
    gateway.post(chat('echo'), key, '/v1/messages'),
  ])
  for (const { text: body } of answers) expectValid('anthropic-error.json', body)
})

test('what echo answers', async () => {
  const { post } = await startGateway()
  expectValid('chat-completion.json', (await post(chat('echo'))).text)
  for (const options of [{}, { stream_options: { include_usage: true } }]) {
    const stream = await post(chat('echo', { stream: true, ...options }))
    for (const chunk of chunksOf(stream.text)) expectValid('chat-completion-chunk.json', chunk)
  }
})

test('a completion that becomes a stream', async () => {
  const { gateway } = await startWithUpstream()
  const stream = await gateway.post(chat('mock/json-for-stream', { stream: true }))
  const chunks = chunksOf(stream.text)
  expect(chunks).toHaveLength(1)
  expectValid('chat-completion-chunk.json', chunks[0])

  const call = { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{}' } }
  const message = { role: 'assistant', content: null, refusal: null, tool_calls: [call, { ...call, id: 'call_b' }] }
  const completion = {
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'a-model' },
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }],
  }
  expectValid('chat-completion.json', completion)
  const reply = chatAsStream(Buffer.from(JSON.stringify(completion)))
  const withTools = chunksOf(reply?.body.toString() ?? '')
  expect(withTools).toHaveLength(1)
  expectValid('chat-completion-chunk.json', withTools[0])
})

test('the list of models and a single one', async () => {
  const mappings = { 'org/gpt': 'openrouter:openai/gpt', '*': 'openrouter:x/y' }
  const { get } = await startGateway({ environment: { OPENROUTER_API_KEY: 'any' }, mappings })
  expectValid('model-list.json', (await get('/v1/models')).text)
  expectValid('model-list.json#/$defs/model', (await get('/v1/models/org/gpt')).text)
})
