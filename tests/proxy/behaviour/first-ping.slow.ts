import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { chat, chunksOf, startGateway } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

const EVENTS = [chunk({ content: 'Hi' }), chunk({}, 'stop'), DONE]
const PINGS = /^(: ping\n)+/

/** A provider whose head takes longer than the first comment. */
async function startSlow(answer: string, more: object = {}) {
  return await startBeforeRaw(
    async (socket) => {
      await sleep(600)
      socket.end(answer)
    },
    {
      config: { limits: { first_ping_s: 0.2, keepalive_s: 0.2 }, ...more },
      mappings: { claude: 'claude:claude' },
    },
  )
}

test('a stream begins with a comment when the head of the provider takes too long', async () => {
  const { gateway } = await startSlow(stream(...EVENTS))
  const response = await gateway.post(chat('mine', { stream: true }))
  expect([response.status, response.headers['content-type']]).toEqual([200, 'text/event-stream'])
  expect(response.text).toMatch(PINGS)
  expect(response.text.replace(PINGS, '')).toBe(EVENTS.join(''))
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ status_code: 200, outcome: 'ok', bytes_out: response.text.length })
  // The comment is not the first byte of the answer.
  expect(record?.ttfb_ms).toBeGreaterThan(500)
})

test.for(['/v1/chat/completions', '/v1/responses'])('what fails after it is an error event (%s)', async (path) => {
  const { gateway } = await startSlow(reply(400, { error: { message: 'No such tool', type: 't', code: 'c' } }))
  const body = { ...chat('mine', { stream: true }), input: 'Hi' }
  const response = await gateway.post(body, {}, path)
  expect(response.status).toBe(200)
  expect(response.text).toMatch(PINGS)
  expect(response.text).toContain('No such tool')
  expect(response.text).not.toContain('[DONE]')
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ status_code: 200, outcome: 'upstream_error', response: { error: { code: 'c' } } })
})

test('a JSON answer is a stream after it, too', async () => {
  const { gateway } = await startSlow(reply(200, completion('Hello')))
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(chunksOf(text)[0]?.choices[0]?.delta.content).toBe('Hello')
  expect(text.endsWith(DONE)).toBe(true)
})

test.for([
  ['a detail', { detail: 'No such tool' }],
  ['an error that is a text', { error: 'No such tool' }],
] as const)('%s in JSON of status 200 keeps its reason after it', async ([, body]) => {
  const { gateway } = await startSlow(reply(200, body))
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(chunksOf(text.replace(PINGS, ''))).toMatchObject([
    { error: { message: expect.stringContaining('No such tool') } },
  ])
  expect((await gateway.records(1))[0]).toMatchObject({ status_code: 200, outcome: 'upstream_error' })
})

test.for([
  ['/v1/responses', { id: 'r', object: 'response', status: 'completed', output: [] }],
  ['/v1/responses', { id: 'r', object: 'response', status: 'completed', output: ['A'.repeat(300_000)] }],
  ['/v1/messages', { id: 'm', type: 'message', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn' }],
] as const)('a JSON answer that cannot become a stream is an error for the log too (%s)', async ([path, answer]) => {
  const { gateway } = await startSlow(reply(200, answer))
  const model = path === '/v1/messages' ? 'claude' : 'mine'
  const body = { ...chat(model, { stream: true }), input: 'Hi', max_tokens: 9 }
  const { text } = await gateway.post(body, {}, path)
  expect(text.replace(PINGS, '')).toMatch(/^event: error\ndata: .*not a stream of events.*\n\n$/)
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'upstream_error', bytes_out: text.length })
  expect(JSON.stringify(record?.response)).toContain(answer.id)
})

test('the fallback is still tried after it', async () => {
  const { gateway } = await startSlow(reply(503, { error: { message: 'Busy' } }), { fallbacks: { mine: ['echo'] } })
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(text).toMatch(PINGS)
  expect(text.endsWith(DONE)).toBe(true)
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok', provider: 'echo' })
})

test('without a stream, and without first_ping_s, nothing is sent before the answer', async () => {
  const { gateway } = await startSlow(reply(400, { error: { message: 'No' } }))
  expect((await gateway.post(chat('mine'))).status).toBe(400)
  const usual = await startGateway()
  expect((await usual.post(chat('echo', { stream: true }))).text).not.toContain('ping')
})
