import { expect, test } from 'vitest'
import { chatAsStream } from '../../../proxy/apis/chat-as-stream.ts'
import { chunksOf } from '../../helpers/gateway/gateway.ts'

function streamOf(body: unknown) {
  return chatAsStream(Buffer.from(JSON.stringify(body)))
}

test('a completion of chat becomes one chunk, with numbered calls', () => {
  const calls = [{ id: 'a' }, { id: 'b', index: 7 }]
  const reply = streamOf({
    object: 'chat.completion',
    choices: [{ index: 0, message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    usage: { total_tokens: 3 },
  })
  expect(reply?.status).toBe(200)
  expect(chunksOf(String(reply?.body))).toEqual([
    {
      object: 'chat.completion.chunk',
      choices: [
        {
          index: 0,
          delta: { content: null, tool_calls: [{ index: 0, id: 'a' }, calls[1]] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { total_tokens: 3 },
    },
  ])
})

test('a completion of text stays a completion of text', () => {
  const completion = { object: 'text_completion', choices: [{ index: 0, text: 'x', finish_reason: 'stop' }] }
  expect(chunksOf(String(streamOf(completion)?.body))).toEqual([completion])
})

test('an error is replied with its status', () => {
  expect(streamOf({ error: { code: 429, message: 'x' } })?.status).toBe(429)
  for (const error of ['x', { code: 'rate_limit' }, { code: 200 }, 7]) expect(streamOf({ error })?.status).toBe(502)
})

test('malformed data does no harm', () => {
  for (const body of [null, 7, 'x', [], {}, { choices: 'x' }, { choices: [null] }, { choices: [[1]] }]) {
    expect(streamOf(body)).toBeUndefined()
  }
  expect(chatAsStream(Buffer.from('<html>'))).toBeUndefined()
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  expect(chatAsStream(Buffer.from(`{"choices":[{"message":{"content":${deep}}}]}`))).toBeUndefined()
  const odd = { choices: [{ message: { tool_calls: {} } }, { message: 'x' }, { message: { tool_calls: [null, 7] } }] }
  expect(chunksOf(String(streamOf(odd)?.body))[0]?.choices).toMatchObject([
    { delta: { tool_calls: {} } },
    { delta: {} },
    { delta: { tool_calls: [null, 7] } },
  ])
})
