import { expect, test } from 'vitest'
import { chat, chunksOf, errorOf } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, event, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

/** Answers with status 200 that are not what their head or their end says. */
const KEY = 'sk-our-secret-key-1'
const EVENTS = 'text/event-stream'

async function ask(answer: string, isStream: boolean) {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(answer), {
    environment: { OPENAI_API_KEY: KEY },
  })
  const response = await gateway.post(chat('mine', { stream: isStream }))
  const [record] = await gateway.records(1)
  expect(JSON.stringify([response.headers, response.text, record])).not.toContain(KEY)
  return { ...response, record }
}

test.for([
  ['an error', { error: { message: 'No credit left', code: 402 } }],
  ['a detail', { detail: 'No credit left' }],
  ['a list of errors', { errors: [{ message: 'No credit left' }] }],
  ['a message', { success: false, code: 1301, msg: 'No credit left' }],
] as const)('%s in JSON is an error, also under the content type of events', async ([, body]) => {
  for (const type of [EVENTS, 'application/json']) {
    for (const isStream of [true, false]) {
      const { text, record } = await ask(reply(200, body, type), isStream)
      expect(text).toContain('No credit left')
      expect(record?.outcome).toBe('upstream_error')
    }
  }
})

test('a whole answer in JSON under the content type of events is an answer', async () => {
  const streamed = await ask(reply(200, completion('Hello'), EVENTS), true)
  expect(chunksOf(streamed.text)[0]?.choices[0]?.delta.content).toBe('Hello')
  const whole = await ask(reply(200, completion('Hello'), EVENTS), false)
  expect([whole.headers['content-type'], whole.text]).toEqual(['application/json', JSON.stringify(completion('Hello'))])
  for (const { record } of [streamed, whole]) expect(record?.outcome).toBe('ok')
})

test.for(['text/html', EVENTS])('a page in place of an answer (%s) says its reason', async (type) => {
  for (const isStream of [true, false]) {
    const response = await ask(reply(200, `<title>Down until 14:00, ${KEY}</title>`, type), isStream)
    expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_malformed'])
    expect(errorOf(response).message).toContain('Down until 14:00, ***')
    expect(response.record).toMatchObject({
      outcome: 'upstream_error',
      response: { _upstream_body: '<title>Down until 14:00, ***</title>' },
    })
  }
})

test('half an answer is not shown as a reason', async () => {
  const half = 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"choices":[{"message":{"content":"a secret'
  expect((await ask(half, false)).text).not.toContain('secret')
})

const CALL = chunk({ function_call: { name: 'weather', arguments: '{"city":' } })

test.for([
  ['a reason without a word', stream(chunk({ content: 'Hi' }, ' '), DONE)],
  ['a cut call in the older form', stream(CALL, chunk({}, 'function_call'), DONE)],
] as const)('%s does not end an answer', async ([, answer]) => {
  const { text, record } = await ask(answer, true)
  expect(text).not.toContain('[DONE]')
  expect(text).toContain('upstream_disconnected')
  expect(record?.outcome).toBe('upstream_truncated')
})

const BROKEN = { message: `Broken, ${KEY}`, code: 502 }

test.for([
  ['in a choice', event({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'error', error: BROKEN }] })],
  ['in an array', event([{ error: BROKEN }])],
] as const)('an error event with the error %s is masked, and no mark of the end follows', async ([, failed]) => {
  const { text, record } = await ask(stream(chunk({ content: 'Hi' }), failed, DONE), true)
  expect(text).toContain('Broken, ***')
  expect(text).not.toContain('[DONE]')
  expect(record).toMatchObject({ outcome: 'upstream_error', response: { choices: [{ message: { content: 'Hi' } }] } })
})

const LIMITED = { message: `Too many, ${KEY}`, code: 429 }
const ENDPOINTS = {
  '/v1/chat/completions': chat('mine'),
  '/v1/completions': { model: 'mine', prompt: 'x' },
  '/v1/responses': { model: 'mine', input: 'x' },
  '/v1/messages': chat('claude', { max_tokens: 9 }),
}

test.for(Object.keys(ENDPOINTS) as (keyof typeof ENDPOINTS)[])(
  'an error in JSON of status 200 has an honest status (%s)',
  async (path) => {
    const ask = async (body: unknown, more: object) => {
      const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(200, body)), {
        environment: { OPENAI_API_KEY: KEY },
        mappings: { claude: 'claude:claude' },
      })
      const { status, text } = await gateway.post({ ...ENDPOINTS[path], ...more }, {}, path)
      const [record] = await gateway.records(1)
      expect(record).toMatchObject({ outcome: 'upstream_error', status_code: status })
      expect(JSON.stringify([text, record])).not.toContain(KEY)
      return [status, JSON.parse(text).error.message]
    }
    // A client that waits for events finds no error in JSON of status 200, and none finds one that is no error object.
    expect(await ask({ error: LIMITED }, { stream: true })).toEqual([429, 'Too many, ***'])
    expect(await ask({ error: LIMITED }, {})).toEqual([200, 'Too many, ***'])
    for (const more of [{}, { stream: true }]) {
      expect(await ask({ detail: 'Too many requests' }, more)).toEqual([
        429,
        expect.stringMatching(/: Too many requests$/),
      ])
      expect(await ask({ error: 'No idea' }, more)).toEqual([502, expect.stringMatching(/: No idea$/)])
    }
    const [status, message] = await ask({ error: { message: 'Bad key', code: 401 } }, { stream: true })
    expect([status, message]).toEqual([502, expect.stringContaining("refused the gateway's own key")])
  },
)

test('an error in a choice of a whole answer is masked too', async () => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'error', error: BROKEN }]
  const { text, record } = await ask(reply(200, { id: 'c', choices }), false)
  expect(text).toContain('Broken, ***')
  expect(record?.outcome).toBe('upstream_error')
})

test.for([
  reply(400, { error: { message: 'No' } }, `application/json; key=${KEY}`),
  reply(200, completion('Hi'), `application/json; key=${KEY}`),
  stream(`: ${KEY}\n\n`, chunk({ content: 'Hi' }), chunk({}, 'stop'), DONE),
])('a key in a content type, or in a comment before the first event, is hidden (%#)', async (answer) => {
  expect((await ask(answer, answer.includes(EVENTS))).text).not.toBe('')
})

test.for(['{"choices":[{"index":0,"mess', '{"choices":[{"index":0,"message":{"content":"a"}', '{"detail":'])(
  'half an answer with the right length (%s) is an error, and the fallback answers',
  async (half) => {
    const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(200, half)))
    const answer = await gateway.post(chat('mine'))
    expect([answer.status, errorOf(answer).code]).toEqual([502, 'upstream_malformed'])
    expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_error', status_code: 502 }])
    const { gateway: other } = await startBeforeRaw((socket) => void socket.end(reply(200, half)), {
      config: { fallbacks: { mine: ['echo'] } },
    })
    expect((await other.post(chat('mine'))).status).toBe(200)
    expect(await other.records(1)).toMatchObject([{ outcome: 'ok', provider: 'echo' }])
  },
)
