import { expect, test } from 'vitest'
import { MessageBuilder } from '../../../../proxy/apis/builders/message-builder.ts'

/** As documented: https://docs.anthropic.com/en/docs/build-with-claude/streaming */
const START = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [],
    model: 'claude-opus-4-1',
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 25, cache_read_input_tokens: 3, output_tokens: 1 },
  },
}
const STOP = { type: 'message_stop' }

function begin(index: number, block: object) {
  return { type: 'content_block_start', index, content_block: block }
}

function delta(index: number, type: string, piece: object) {
  return { type: 'content_block_delta', index, delta: { type, ...piece } }
}

function end(reason: string, usage: object = { output_tokens: 15 }) {
  return { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage }
}

function build(...events: unknown[]): MessageBuilder {
  const builder = new MessageBuilder()
  for (const event of events) builder.add(typeof event === 'string' ? event : JSON.stringify(event))
  return builder
}

function jsonOf(builder: MessageBuilder) {
  return JSON.parse(String(builder.toJson()))
}

test('a text in pieces is joined', () => {
  const text = begin(0, { type: 'text', text: '' })
  const pieces = ['Hello', ' 🙂', '!'].map((piece) => delta(0, 'text_delta', { text: piece }))
  const stop = { type: 'content_block_stop', index: 0 }
  const builder = build(START, text, { type: 'ping' }, ...pieces, stop, end('end_turn'), STOP)
  expect(jsonOf(builder)).toEqual({
    ...START.message,
    content: [{ type: 'text', text: 'Hello 🙂!' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 25, cache_read_input_tokens: 3, output_tokens: 15 },
  })
  expect(builder).toMatchObject({ isDone: true, isWhole: true, hasFailed: false, finishReason: 'end_turn' })
  expect(Object.keys(jsonOf(builder))).toEqual(Object.keys(START.message))
})

test('a total of 0 at the end says nothing about what was counted before', () => {
  const zeros = { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 15 }
  const usage = { input_tokens: 25, cache_read_input_tokens: 3, cache_creation_input_tokens: 0, output_tokens: 15 }
  expect(build(START, end('end_turn', zeros), STOP).usage).toEqual(usage)
})

test('thinking keeps its signature, and the input of parallel tool calls stays unchanged', () => {
  const tool = (index: number, id: string) => begin(index, { type: 'tool_use', id, name: 'weather', input: {} })
  const input = (index: number, piece: string) => delta(index, 'input_json_delta', { partial_json: piece })
  const builder = build(
    START,
    begin(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, 'thinking_delta', { thinking: 'Let me' }),
    delta(0, 'thinking_delta', { thinking: ' see' }),
    delta(0, 'signature_delta', { signature: 'EqQBCgIYAh' }),
    tool(1, 'toolu_a'),
    input(1, ''),
    tool(2, 'toolu_b'),
    input(1, '{"city": "Os'),
    input(2, '{"id": 12345678901234567890,'),
    input(1, 'lo"}'),
    input(2, '\n "at": 1.0}'),
    tool(3, 'toolu_c'),
    end('tool_use'),
    STOP,
  )
  expect(jsonOf(builder).content).toEqual([
    { type: 'thinking', thinking: 'Let me see', signature: 'EqQBCgIYAh' },
    { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Oslo' } },
    { type: 'tool_use', id: 'toolu_b', name: 'weather', input: { id: expect.any(Number), at: 1 } },
    { type: 'tool_use', id: 'toolu_c', name: 'weather', input: {} },
  ])
  expect(String(builder.toJson())).toContain('"input":{"id": 12345678901234567890,\n "at": 1.0}')
})

test('citations, results of server tools and compaction are kept', () => {
  const citation = (cited: string) => delta(0, 'citations_delta', { citation: { type: 'char_location', cited } })
  const result = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ url: 'https://x' }] }
  const builder = build(
    START,
    begin(0, { type: 'text', text: '' }),
    citation('one'),
    delta(0, 'text_delta', { text: 'As said' }),
    citation('two'),
    begin(1, result),
    begin(2, { type: 'compaction', content: null }),
    delta(2, 'compaction_delta', { content: 'So far', encrypted_content: 'AA' }),
    { ...end('end_turn'), context_management: { applied_edits: [] } },
    STOP,
  )
  expect(jsonOf(builder)).toMatchObject({
    content: [
      { type: 'text', text: 'As said', citations: [{ cited: 'one' }, { cited: 'two' }] },
      result,
      { type: 'compaction', content: 'So far', encrypted_content: 'AA' },
    ],
    context_management: { applied_edits: [] },
  })
})

test('token counts are totals, and a null does not replace one', () => {
  const counts = { input_tokens: null, cache_read_input_tokens: 4, output_tokens: 9, server_tool_use: null }
  const builder = build(START, end('end_turn', { output_tokens: 5 }), end('end_turn', counts), STOP)
  expect(builder.usage).toEqual({
    input_tokens: 25,
    cache_read_input_tokens: 4,
    output_tokens: 9,
    server_tool_use: null,
  })
})

test('a refusal is an end like any other', () => {
  const builder = build(START, begin(0, { type: 'text', text: '' }), end('refusal'), STOP)
  expect(builder).toMatchObject({ isWhole: true, hasFailed: false, finishReason: 'refusal' })
})

test('a stream that breaks off is logged as far as it arrived', () => {
  const builder = build(
    START,
    begin(0, { type: 'text', text: 'Hel' }),
    begin(1, { type: 'tool_use', id: 'toolu_a', name: 'f', input: {} }),
    delta(1, 'input_json_delta', { partial_json: '{"city": "Os' }),
  )
  expect(builder).toMatchObject({ isDone: false, isWhole: false, hasFailed: false, finishReason: null })
  expect(jsonOf(builder).content).toEqual([
    { type: 'text', text: 'Hel' },
    { type: 'tool_use', id: 'toolu_a', name: 'f', input: '{"city": "Os' },
  ])
})

test('an error is kept, in the middle and at the start', () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  const builder = build(START, begin(0, { type: 'text', text: 'Hel' }), error)
  expect(builder).toMatchObject({ isWhole: false, hasFailed: true })
  expect(jsonOf(builder)).toMatchObject({ id: 'msg_1', content: [{ text: 'Hel' }], error: error.error })
  expect(jsonOf(build(error))).toEqual({ error: error.error })
})

test('without its content it still knows how it ended', () => {
  const tool = begin(1, { type: 'tool_use', id: 'toolu_a', input: {} })
  const input = delta(1, 'input_json_delta', { partial_json: '{"city":' })
  const builder = build(START, begin(0, { type: 'text', text: 'long' }), tool, input)
  builder.dropContent()
  for (const event of [delta(0, 'text_delta', { text: ' and more' }), end('max_tokens'), STOP]) {
    builder.add(JSON.stringify(event))
  }
  expect(builder).toMatchObject({ isWhole: true, finishReason: 'max_tokens', usage: { output_tokens: 15 } })
  expect(jsonOf(builder).content).toEqual([{ type: 'text', text: ' and more' }, { type: 'tool_use' }])
})

test('malformed data does no harm', () => {
  expect(build('', '[DONE]', 'null', '7', '[]', '{}', STOP).toJson()).toBeUndefined()
  const builder = build(
    delta(0, 'text_delta', { text: 'before anything' }),
    end('end_turn'),
    START,
    begin(0, {}),
    delta(0, 'input_json_delta', { partial_json: '1' }),
    delta(9, 'text_delta', { text: 'nowhere' }),
    { type: 'content_block_start', index: 1, content_block: 'x' },
    { type: 'content_block_delta', index: 0, delta: null },
    { type: 'message_delta', delta: null, usage: 7 },
    '{"type":"message_delta","delta":{"__proto__":{"polluted":1}},"usage":{"__proto__":{"polluted":1}}}',
    '{"type":"content_block_start","index":2,"content_block":{"__proto__":{"polluted":1}}}',
  )
  expect(jsonOf(builder).content).toMatchObject([{ input: 1 }, {}])
  expect(builder.finishReason).toBeNull()
  expect({}).not.toHaveProperty('polluted')
})
