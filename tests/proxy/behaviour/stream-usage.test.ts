import { expect, test } from 'vitest'
import { chat, chunksOf } from '../../helpers/gateway/gateway.ts'
import { chunk, DONE, event, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }
const CONTENT = [chunk({ content: 'Hi' }), chunk({}, 'stop')]
const COUNTED = event({ id: 'c', object: 'chat.completion.chunk', choices: [], usage: USAGE })
const OPTIONS = { provider_options: { openai: { include_usage: true } } }

/** A provider that counts the tokens of a stream only if it is asked to, as OpenAI does. */
function startCounting(config: object = OPTIONS) {
  return startBeforeRaw(
    (socket, { body }) => {
      const { stream: isStream, stream_options: options } = JSON.parse(body)
      const events = [...CONTENT, ...(options?.include_usage ? [COUNTED] : []), DONE]
      // In pieces of any size.
      if (isStream) for (const piece of stream(...events).match(/[\s\S]{1,97}/g) ?? []) socket.write(piece)
      else socket.write(reply(200, { choices: [], usage: USAGE }))
      socket.end()
    },
    { config },
  )
}

test.for([
  ['says nothing', ''],
  ['sends no options', ',"stream_options":null'],
  ['sends other options', ',"stream_options":{"include_obfuscation":false}'],
  ['sends empty options', ',"stream_options": { }'],
  ['does not want them', ',"stream_options":{"include_usage":false}'],
] as const)('a client that %s gets no tokens, and the log does', async ([, options]) => {
  const { gateway, upstream } = await startCounting()
  const sent = `{"model":"mine","stream":true,"messages":[{"role":"user","content":"Hi"}]${options}, "seed":12345678901234567890}`
  const { text } = await gateway.post(sent)
  expect(text).toBe([...CONTENT, DONE].join(''))
  const [request] = upstream.requests
  expect(JSON.parse(request?.body ?? '').stream_options).toMatchObject({ include_usage: true })
  expect(request?.body).toContain('"seed":12345678901234567890')
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ usage: USAGE, tokens_in: 7, tokens_out: 5, bytes_out: text.length, outcome: 'ok' })
  expect(record?.request).not.toHaveProperty('stream_options.include_usage', true)
})

test.for([
  ['no choices', { id: 'c', usage: USAGE }],
  ['null for choices', { id: 'c', choices: null, usage: USAGE }],
])('the event of the tokens may have %s', async ([, counted]) => {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(...CONTENT, event(counted), DONE)), {
    config: OPTIONS,
  })
  expect((await gateway.post(chat('mine', { stream: true }))).text).toBe([...CONTENT, DONE].join(''))
  expect(await gateway.records(1)).toMatchObject([{ usage: USAGE, tokens_in: 7 }])
})

test('a JSON answer to a stream has tokens only for a client that asks', async () => {
  const answer = { id: 'c', choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }], usage: USAGE }
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, answer)), { config: OPTIONS })
  for (const [options, usage] of [
    [{}, undefined],
    [{ stream_options: { include_usage: true } }, USAGE],
  ]) {
    const { text } = await gateway.post(chat('mine', { stream: true, ...options }))
    expect(chunksOf(text)[0]?.['usage']).toEqual(usage)
  }
  expect(await gateway.records(2)).toMatchObject([{ tokens_in: 7 }, { tokens_in: 7 }])
})

test('a client that asks for the tokens gets them, and its bytes stay unchanged', async () => {
  const { gateway, upstream } = await startCounting()
  const sent = JSON.stringify(chat('mine', { stream: true, stream_options: { include_usage: true } }))
  expect((await gateway.post(sent)).text).toBe([...CONTENT, COUNTED, DONE].join(''))
  expect(upstream.requests[0]?.body).toBe(sent)
})

test.for([
  ['without a stream', OPTIONS, {}],
  ['without the option', {}, { stream: true }],
  ['for another provider', { provider_options: { gemini: { include_usage: true } } }, { stream: true }],
] as const)('%s nothing is asked for', async ([, config, more]) => {
  const { gateway, upstream } = await startCounting(config)
  await gateway.post(chat('mine', more))
  expect(upstream.requests[0]?.body).toBe(JSON.stringify(chat('mine', more)))
})

test('only the event that was asked for is taken out', async () => {
  const filtered = event({ choices: [], prompt_filter_results: [{ index: 0 }] })
  const last = event({
    id: 'c',
    choices: [{ index: 0, delta: { content: '"usage"' }, finish_reason: 'stop' }],
    usage: USAGE,
  })
  const comment = ': {"usage":{}}\n\n'
  const sent = [filtered, comment, chunk({ content: 'Hi' }), last, DONE]
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(...sent)), { config: OPTIONS })
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(text).toBe(sent.join(''))
  expect(chunksOf(text)).toHaveLength(3)
})

test('an error after the tokens is passed on', async () => {
  const failed = event({ choices: [], usage: USAGE, error: { message: 'Broken' } })
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(chunk({ content: 'Hi' }), failed)), {
    config: OPTIONS,
  })
  expect((await gateway.post(chat('mine', { stream: true }))).text).toContain('Broken')
})

test('the older completions count them too, and the other APIs have no such option', async () => {
  const { gateway, upstream } = await startCounting()
  const bodies = {
    '/v1/completions': { model: 'mine', prompt: 'x', stream: true },
    '/v1/responses': { model: 'mine', input: 'x', stream: true },
  }
  for (const [path, body] of Object.entries(bodies)) await gateway.post(body, {}, path)
  const asked = upstream.requests.map(({ body }) => 'stream_options' in JSON.parse(body))
  expect(asked).toEqual([true, false])
})

test('a large body reaches the provider with both changes, and each provider that is tried after it', async () => {
  const { gateway, upstream } = await startBeforeRaw(
    (socket, { body }) => {
      const isFirst = JSON.parse(body).model === 'first'
      socket.end(isFirst ? reply(500, { error: { message: 'later' } }) : stream(...CONTENT, COUNTED, DONE))
    },
    {
      mappings: { mine: 'openai:first', other: 'openai:second' },
      config: { ...OPTIONS, fallbacks: { mine: ['other'] } },
    },
  )
  const content = `Look:\n${'é"\\ x'.repeat(200_000)}`
  const { text } = await gateway.post(chat('mine', { stream: true, messages: [{ role: 'user', content }] }))
  expect(text).toBe([...CONTENT, DONE].join(''))
  expect(upstream.requests.map(({ body }) => JSON.parse(body))).toEqual(
    ['first', 'second'].map((model) => ({
      stream_options: { include_usage: true },
      ...chat(model, { stream: true, messages: [{ role: 'user', content }] }),
    })),
  )
  const [record] = await gateway.records(1)
  expect(record?.request).toEqual(chat('mine', { stream: true, messages: [{ role: 'user', content }] }))
})
