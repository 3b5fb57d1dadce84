import { expect, test } from 'vitest'
import { chat, chunksOf, startGateway } from '../../helpers/gateway/gateway.ts'

test('echo answers with the last user message and counts words', async () => {
  const gateway = await startGateway()
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'first' },
    {
      role: 'user',
      content: [{ type: 'text', text: ' Hello,  big' }, { type: 'image_url' }, { type: 'text', text: '\nworld ' }],
    },
    { role: 'assistant', content: null },
    null,
  ]
  const [one, two] = [await gateway.post({ model: 'echo', messages }), await gateway.post({ model: 'echo', messages })]
  const body = JSON.parse(one.text)
  expect(body).toEqual({
    id: expect.stringMatching(/^chatcmpl-echo-/),
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'echo',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: ' Hello,  big\nworld ', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 6, completion_tokens: 3, total_tokens: 9 },
  })
  expect(JSON.parse(two.text).id).not.toBe(body.id)
  const [record] = await gateway.records(2)
  expect(record).toMatchObject({
    provider: 'echo',
    model_mapped: 'echo',
    outcome: 'ok',
    usage: body.usage,
    response: body,
  })
})

test('echo streams word by word', async () => {
  const gateway = await startGateway()
  const request = { model: 'echo', messages: [{ role: 'user', content: 'Hello big world' }], stream: true }
  const response = await gateway.post({ ...request, stream_options: { include_usage: true } })
  const chunks = chunksOf(response.text)
  expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual([
    '',
    'Hello',
    ' big',
    ' world',
    undefined,
    undefined,
  ])
  expect(chunks.map(({ usage }) => usage)).toEqual([
    ...Array(5).fill(null),
    { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
  ])
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  expect(response.text.endsWith('data: [DONE]\n\n')).toBe(true)
  const plain = await gateway.post(request)
  expect(plain.text).not.toContain('usage')
  const [record] = await gateway.records(2)
  expect(record?.response).toMatchObject({
    id: chunks[0]?.['id'],
    choices: [{ message: { content: 'Hello big world' } }],
  })
})

test('after a thousand words echo sends larger pieces, which divide no character', async () => {
  const gateway = await startGateway()
  const content = `${'word '.repeat(1000)}${'🙂\n'.repeat(100_000)}`
  const response = await gateway.post({ model: 'echo', messages: [{ role: 'user', content }], stream: true })
  const pieces = chunksOf(response.text).map(({ choices }) => choices[0]?.delta.content ?? '')
  expect(pieces.join('') === content).toBe(true)
  expect(pieces.length).toBeLessThan(1100)
  expect(pieces.some((piece) => /\p{Surrogate}/u.test(piece))).toBe(false)
  const [record] = await gateway.records(1)
  expect(record?.response).toMatchObject({ choices: [{ message: { content }, finish_reason: 'stop' }] })
})

test('a long echo is not slow, whatever its spaces', async () => {
  const gateway = await startGateway()
  const content = `${' '.repeat(200_000)}x${'\n'.repeat(200_000)}`
  const response = await gateway.post({ model: 'echo', messages: [{ role: 'user', content }], stream: true })
  expect(
    chunksOf(response.text)
      .map(({ choices }) => choices[0]?.delta.content ?? '')
      .join(''),
  ).toBe(content)
  expect((await gateway.post(chat('echo'))).status).toBe(200)
})
