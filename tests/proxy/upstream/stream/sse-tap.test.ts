import { expect, test } from 'vitest'
import type { AnswerBuilder } from '../../../../proxy/apis/api.ts'
import { CompletionBuilder } from '../../../../proxy/apis/builders/completion-builder.ts'
import { MessageBuilder } from '../../../../proxy/apis/builders/message-builder.ts'
import { ResponseBuilder } from '../../../../proxy/apis/builders/response-builder.ts'
import { SseTap } from '../../../../proxy/upstream/stream/sse-tap.ts'

const MAX_BYTES = 10_000
const WORD = 'words 🙂 '

function tapOf(builder: AnswerBuilder) {
  return new SseTap(builder, { bodyMaxBytes: MAX_BYTES, images: 'digest' })
}

function push(tap: SseTap, events: object[]): void {
  for (const event of events) tap.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`))
}

function logged(tap: SseTap) {
  tap.end()
  const body = tap.logged('some-model')
  return body && { truncated: body.truncated, json: JSON.parse(String(body.json)) }
}

function chatEvents(count: number): object[] {
  const choice = (delta: object, reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason: reason }],
  })
  const end = { ...choice({}, 'stop'), usage: { total_tokens: 9 } }
  return [...Array.from({ length: count }, () => choice({ content: WORD })), end]
}

test('events are read, wherever the bytes are divided', () => {
  const bytes = Buffer.from('data: {"choices":[{"delta":{"content":"🙂"}}]}\r\n\r\n: comment\n\ndata:[DONE]')
  const tap = tapOf(new CompletionBuilder('chat.completion'))
  for (let at = 0; at < bytes.length; at++) tap.push(bytes.subarray(at, at + 1))
  expect(logged(tap)?.json.choices[0].message.content).toBe('🙂')
  expect([tap.eventCount, tap.answer.isDone]).toEqual([2, true])
})

test('nothing is logged if nothing arrives', () => {
  const tap = tapOf(new CompletionBuilder('chat.completion'))
  tap.push(Buffer.from(': comment\n\n'))
  expect(logged(tap)).toBeUndefined()
})

test.for<[name: string, builder: () => AnswerBuilder, events: (count: number) => object[], reason: string]>([
  ['completion', () => new CompletionBuilder('chat.completion'), chatEvents, 'stop'],
  [
    'Message',
    () => new MessageBuilder(),
    (count) => [
      { type: 'message_start', message: { id: 'msg_1', content: [], usage: { input_tokens: 9 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...Array.from({ length: count }, () => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: WORD },
      })),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ],
    'end_turn',
  ],
  [
    'Response',
    () => new ResponseBuilder(),
    (count) => [
      { type: 'response.created', response: { id: 'resp_1', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item: { type: 'message', content: [] } },
      { type: 'response.content_part.added', output_index: 0, content_index: 0, part: { text: '' } },
      ...Array.from({ length: count }, () => ({
        type: 'response.output_text.delta',
        output_index: 0,
        content_index: 0,
        delta: WORD,
      })),
      {
        type: 'response.completed',
        response: { id: 'resp_1', status: 'completed', text: WORD.repeat(count), usage: { total_tokens: 9 } },
      },
    ],
    'completed',
  ],
])('of a %s above the limit the log has its size, hash, head and tail', ([_, newBuilder, events, reason]) => {
  const whole = tapOf(newBuilder())
  push(whole, events(10))
  expect(logged(whole)).toMatchObject({ truncated: false })

  const tap = tapOf(newBuilder())
  push(tap, events(5_000))
  const body = logged(tap)
  const { _truncated, ...rest } = body?.json ?? {}
  expect([body?.truncated, rest]).toEqual([true, { model: 'some-model' }])
  const { bytes, sha256, head, tail } = _truncated
  expect(bytes).toBeGreaterThan(5_000 * Buffer.byteLength(WORD))
  expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(head).toContain(WORD.repeat(10))
  expect(tail).toContain(reason === 'completed' ? WORD.repeat(10) : `"${reason}"`)
  expect(head + tail).not.toContain('\ufffd')
  expect(tap.answer).toMatchObject({ isWhole: true, finishReason: reason, usage: expect.any(Object) })
})

test('the last event of a Response is measured once', () => {
  const response = { id: 'resp_1', status: 'completed', text: 'x'.repeat(MAX_BYTES) }
  const tap = tapOf(new ResponseBuilder())
  push(tap, [{ type: 'response.completed', response }])
  expect(logged(tap)?.json._truncated.bytes).toBe(JSON.stringify(response).length)
})

test('an answer above the limit that breaks off is logged as an excerpt too', () => {
  const tap = tapOf(new CompletionBuilder('chat.completion'))
  push(tap, chatEvents(5_000).slice(0, -1))
  expect(logged(tap)).toMatchObject({ truncated: true, json: { _truncated: { bytes: expect.any(Number) } } })
  expect(tap.answer).toMatchObject({ isWhole: false, finishReason: null })
  expect(tap.answer.toJson()?.length).toBeLessThan(2 * MAX_BYTES)
})

test('small pieces of an answer are measured by the text that they add', () => {
  const tap = tapOf(new CompletionBuilder('chat.completion'))
  push(tap, chatEvents(800))
  const body = logged(tap)
  expect([body?.truncated, body?.json.choices[0].message.content]).toEqual([false, WORD.repeat(800)])
  expect(JSON.stringify(chatEvents(800)).length).toBeGreaterThan(5 * MAX_BYTES)
})

test('an event that cannot be assembled breaks only the tap, not the stream', () => {
  const tap = tapOf(new MessageBuilder())
  const block = (index: number, text: unknown) => ({
    type: 'content_block_start',
    index,
    content_block: { type: 'text', text },
  })
  push(tap, [{ type: 'message_start', message: { id: 'msg_1' } }, block(0, 'kept'), block(1, { toString: 1 })])
  expect(tap.isBroken).toBe(false)
  push(tap, [{ type: 'content_block_delta', index: 1, delta: { text: 'x' } }, block(2, 'late')])
  expect(tap.isBroken).toBe(true)
  expect(logged(tap)).toMatchObject({
    truncated: true,
    json: { id: 'msg_1', content: [{ text: 'kept' }, { text: { toString: 1 } }] },
  })
})

test('an event that does not end is given up, and later events are read', () => {
  const tap = tapOf(new CompletionBuilder('chat.completion'))
  const megabyte = Buffer.alloc(2 ** 20, 'x')
  tap.push(Buffer.from('data: '))
  for (let count = 0; count < 40; count++) tap.push(megabyte)
  tap.push(Buffer.from('\n\n'))
  push(tap, chatEvents(1))
  expect(logged(tap)?.json.choices[0].message.content).toBe(WORD)
})
