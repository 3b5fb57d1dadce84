import { expect, test } from 'vitest'
import { chat, chunksOf, dialogWithFirst } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, event, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

const KEYS = { OPENAI_API_KEY: 'bad-key,good-key' }
const FALLBACK = { fallbacks: { mine: ['echo'] } }
const FLAGGED_KEY = 'This API key has been flagged for abuse and suspended'
const LIMITED = { error: { message: 'Provider returned error', code: 429 } }

/** Answers only the good key; the bad one gets these bytes. */
function startWithBadKey(bytes: string) {
  return startBeforeRaw(
    (socket, { headers, body }) => {
      const isStream = body.includes('"stream":true')
      const good = isStream ? stream(chunk({ content: 'Hi' }, 'stop'), DONE) : reply(200, completion('Hi'))
      socket.end(headers['authorization'] === 'Bearer bad-key' ? bytes : good)
    },
    { environment: KEYS },
  )
}

test.for([
  ['401', reply(401, LIMITED)],
  ['402', reply(402, LIMITED)],
  ['403 that blocks the key', reply(403, { error: { message: 'Key limit exceeded (total limit)', code: 403 } })],
  ['403 in text', reply(403, 'Your API key was reported as leaked.', 'text/plain')],
  ['403 of a flagged key', reply(403, { error: { message: FLAGGED_KEY, code: 403 } })],
  ['403 of a suspended account', reply(403, { error: { message: 'Account suspended (content policy)' } })],
  ['403 with a code', reply(403, { error: { message: 'Forbidden', code: 'account_flagged' } })],
  ['429', reply(429, LIMITED)],
  ['an error with status 200', reply(200, LIMITED)],
  ['a first event that is an error', stream(event(LIMITED))],
  ['an error event after comments', stream(': PROCESSING\n\n', ': PROCESSING\n\n', event(LIMITED), DONE)],
  ['an error whose code is a text', reply(200, { error: { message: 'x', code: '429' } })],
  ['an error whose status is a text', stream(event({ error: { message: 'x', status: '401 Unauthorized' } }))],
  ['an error that is a sentence', reply(200, { error: 'rate limit exceeded' })],
  ['an error that is a word', reply(200, { error: 'insufficient_quota' })],
  ['an error that is a number in a text', reply(200, { error: '429 Too Many Requests' })],
  ['an error without a code', reply(200, { error: { message: 'Rate limit exceeded, try again later' } })],
  ['a detail', reply(200, { detail: 'Too many requests' })],
  ['an error in words', stream(event({ error: { message: 'x', type: 'rate_limit_error' } }))],
] as const)('after %s another key is used, and the refused one cools down', async ([, bytes]) => {
  const { gateway, upstream } = await startWithBadKey(bytes)
  const isStream = bytes.includes('event-stream')
  for (let at = 0; at < 3; at++) {
    const { status, text } = await gateway.post(
      chat('mine', { stream: isStream }),
      dialogWithFirst(['bad-key', 'good-key']),
    )
    expect([status, text.includes('"Hi"'), text.includes('error')]).toEqual([200, true, false])
  }
  const used = upstream.requests.map(({ headers }) => headers['authorization']?.slice('Bearer '.length))
  expect(used).toEqual(['bad-key', 'good-key', 'good-key', 'good-key'])
  expect(gateway.gateway.metrics.retries).toMatchObject({ key: 1 })
  expect((await gateway.records(3)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
})

test.for([
  ['an error with status 200', reply(200, { error: { message: 'backend is dead' } })],
  ['a first event that is an error', stream(event({ error: { message: 'backend is dead', code: 502 } }))],
  ['a stream with nothing in it', stream()],
  ['a mark of the end alone', stream(DONE)],
  ['a head and a reset', 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9\r\n\r\n'],
] as const)('after %s the fallback answers', async ([, bytes]) => {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(bytes), { config: FALLBACK })
  const { status, text } = await gateway.post(chat('mine', { stream: true }))
  expect([status, text.includes('error')]).toEqual([200, false])
  expect(chunksOf(text).length).toBeGreaterThan(2)
  expect(text.endsWith(DONE)).toBe(true)
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'ok', provider: 'echo' }])
  expect(gateway.gateway.metrics.retries).toMatchObject({ fallback: 1 })
})

test.for([
  ['a wrong request', reply(200, { error: { message: 'x', code: 400 } })],
  ['a wrong request in words', stream(event({ error: { message: 'x', type: 'invalid_request_error' } }))],
  ['flagged content', reply(403, { error: { message: 'Your input was flagged', code: 403 } })],
  [
    'content that names a key',
    reply(403, { error: { message: 'Moderation', metadata: { flagged_input: 'my API key' } } }),
  ],
  ['content of an account', reply(403, { error: { message: 'Your input was flagged. Ask your account manager.' } })],
  ['a code about content', reply(403, { error: { message: 'Forbidden', code: 'content_policy_violation' } })],
  ['a wrong request whose code is a text', reply(200, { error: { message: 'x', code: '400' } })],
  ['a wrong request in a word', reply(200, { error: 'context_length_exceeded' })],
] as const)('%s is reported at once', async ([, bytes]) => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.end(bytes), {
    environment: KEYS,
    config: FALLBACK,
  })
  const { text } = await gateway.post(chat('mine', { stream: bytes.includes('event-stream') }))
  expect(text).toContain('"error"')
  expect(upstream.requests).toHaveLength(1)
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_error' }])
})

test('without another key or fallback an early error is passed on as it is', async () => {
  const sent = `: PROCESSING\n\n${event(LIMITED)}`
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(sent)))
  const { status, text } = await gateway.post(chat('mine', { stream: true }))
  expect([status, text]).toEqual([200, sent])
})

test('an error after an event that was sent is passed on', async () => {
  const sent = chunk({ content: 'Hi' }) + event(LIMITED)
  const { gateway, upstream } = await startBeforeRaw(
    async (socket) => {
      socket.write(stream(chunk({ content: 'Hi' })))
      await new Promise((resolve) => setTimeout(resolve, 100))
      socket.end(event(LIMITED))
    },
    { environment: KEYS, config: FALLBACK },
  )
  expect((await gateway.post(chat('mine', { stream: true }))).text).toBe(sent)
  expect(upstream.requests).toHaveLength(1)
})

test('retry-after: 0 means that the key may be used now', async () => {
  const { gateway, upstream } = await startBeforeRaw(
    (socket) => void socket.end(reply(429, LIMITED, 'application/json', 'retry-after: 0\r\n')),
    { environment: { OPENAI_API_KEY: 'one-key' }, config: FALLBACK },
  )
  for (let at = 0; at < 2; at++) expect((await gateway.post(chat('mine'))).status).toBe(200)
  expect(upstream.requests).toHaveLength(2)
})

test('comments do not wait for an event for ever', async () => {
  let sendEvent = () => {}
  const hasBegun = new Promise<void>((resolve) => {
    sendEvent = resolve
  })
  const { gateway } = await startBeforeRaw(
    async (socket) => {
      socket.write(stream(': PROCESSING\n\n'))
      await hasBegun
      socket.end(chunk({ content: 'Hi' }, 'stop') + DONE)
    },
    { config: { limits: { keepalive_s: 0.1 } } },
  )
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat('mine', { stream: true })),
  })
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString()
    if (text.includes(': ping\n')) sendEvent()
  }
  expect(text.startsWith(': PROCESSING\n\n: ping\n')).toBe(true)
  expect(text.endsWith(DONE)).toBe(true)
})
