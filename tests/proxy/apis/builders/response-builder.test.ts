import { expect, test } from 'vitest'
import { ResponseBuilder } from '../../../../proxy/apis/builders/response-builder.ts'

/** As documented: https://platform.openai.com/docs/api-reference/responses-streaming */
const CREATED = {
  type: 'response.created',
  sequence_number: 0,
  response: { id: 'resp_1', object: 'response', status: 'in_progress', error: null, output: [], usage: null },
}

function build(...events: unknown[]): ResponseBuilder {
  const builder = new ResponseBuilder()
  for (const event of events) builder.add(typeof event === 'string' ? event : JSON.stringify(event))
  return builder
}

function jsonOf(builder: ResponseBuilder) {
  return JSON.parse(String(builder.toJson()))
}

function item(at: number, fields: object) {
  return { type: 'response.output_item.added', output_index: at, item: fields }
}

function part(at: number, index: number, fields: object) {
  return { type: 'response.content_part.added', output_index: at, content_index: index, part: fields }
}

function text(at: number, index: number, delta: string, kind = 'output_text') {
  return { type: `response.${kind}.delta`, output_index: at, content_index: index, delta }
}

const MESSAGE = [
  item(0, { id: 'msg_1', type: 'message', role: 'assistant', content: [] }),
  part(0, 0, { type: 'output_text', text: '', annotations: [] }),
  text(0, 0, 'Hel'),
  text(0, 0, 'lo'),
]

function last(status: string, fields: object = {}) {
  const response = { ...CREATED.response, status, usage: { input_tokens: 5, output_tokens: 2 }, ...fields }
  return { type: `response.${status}`, sequence_number: 9, response }
}

test('the last event holds the response, whose bytes are kept unchanged', () => {
  const response = '{ "id":"resp_1","status":"completed" , "usage":{"input_tokens":5}, "n":12345678901234567890 }'
  const builder = build(CREATED, ...MESSAGE, `{"type":"response.completed", "response":${response},"x":1}`)
  expect(String(builder.toJson())).toBe(response)
  expect(builder).toMatchObject({ isDone: true, isWhole: true, hasFailed: false, finishReason: 'completed' })
  expect(builder.usage).toEqual({ input_tokens: 5 })
})

test('incomplete and failed responses are complete streams too', () => {
  const incomplete = build(CREATED, last('incomplete', { incomplete_details: { reason: 'max_output_tokens' } }))
  expect(incomplete).toMatchObject({ isWhole: true, hasFailed: false, finishReason: 'max_output_tokens' })
  const error = { code: 'server_error', message: 'The model failed' }
  const failed = build(CREATED, ...MESSAGE, last('failed', { error }))
  expect(failed).toMatchObject({ isWhole: true, hasFailed: true, finishReason: 'failed', usage: { output_tokens: 2 } })
  expect(jsonOf(failed)).toMatchObject({ status: 'failed', error })
})

test('a stream that breaks off is assembled from its pieces', () => {
  const summary = (type: string, more: object) => ({ type, output_index: 0, summary_index: 0, ...more })
  const builder = build(
    CREATED,
    { ...CREATED, type: 'response.in_progress' },
    item(0, { id: 'rs_1', type: 'reasoning', summary: [] }),
    summary('response.reasoning_summary_part.added', { part: { type: 'summary_text', text: '' } }),
    summary('response.reasoning_summary_text.delta', { delta: 'Think' }),
    summary('response.reasoning_summary_text.delta', { delta: 'ing' }),
    item(2, { id: 'fc_1', type: 'function_call', name: 'weather', arguments: '' }),
    item(1, { id: 'msg_1', type: 'message', content: [] }),
    part(1, 0, { type: 'output_text', text: '' }),
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"city":' },
    text(1, 0, 'Hel'),
    { type: 'response.output_text.annotation.added', output_index: 1, content_index: 0, annotation: { url: 'x' } },
    part(1, 1, { type: 'refusal', refusal: '' }),
    text(1, 1, 'I can', 'refusal'),
    text(1, 1, 'not', 'refusal'),
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '"Os' },
    item(3, { type: 'custom_tool_call', input: '' }),
    { type: 'response.custom_tool_call_input.delta', output_index: 3, delta: 'ls' },
    item(4, { type: 'code_interpreter_call', code: null }),
    { type: 'response.code_interpreter_call_code.delta', output_index: 4, delta: 'print()' },
    item(5, { type: 'reasoning' }),
    part(5, 0, { type: 'reasoning_text', text: '' }),
    text(5, 0, 'raw', 'reasoning_text'),
  )
  expect(builder).toMatchObject({ isDone: false, isWhole: false, hasFailed: false, finishReason: null, usage: null })
  expect(jsonOf(builder)).toEqual({
    ...CREATED.response,
    output: [
      { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Thinking' }] },
      {
        id: 'msg_1',
        type: 'message',
        content: [
          { type: 'output_text', text: 'Hel', annotations: [{ url: 'x' }] },
          { type: 'refusal', refusal: 'I cannot' },
        ],
      },
      { id: 'fc_1', type: 'function_call', name: 'weather', arguments: '{"city":"Os' },
      { type: 'custom_tool_call', input: 'ls' },
      { type: 'code_interpreter_call', code: 'print()' },
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'raw' }] },
    ],
  })
})

test('a finished item replaces its pieces', () => {
  const done = { type: 'message', content: [{ type: 'output_text', text: 'Hello', logprobs: [] }] }
  const partDone = {
    ...part(0, 0, { type: 'output_text', text: 'Hello', logprobs: [] }),
    type: 'response.content_part.done',
  }
  expect(jsonOf(build(CREATED, ...MESSAGE, partDone)).output[0].content).toEqual(done.content)
  const itemDone = { type: 'response.output_item.done', output_index: 0, item: done }
  expect(jsonOf(build(CREATED, ...MESSAGE, itemDone)).output).toEqual([done])
})

test('an error is kept, in the middle and at the start', () => {
  const error = { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down', param: null, sequence_number: 5 }
  const builder = build(CREATED, ...MESSAGE, error)
  expect(builder).toMatchObject({ isWhole: false, hasFailed: true })
  expect(jsonOf(builder)).toMatchObject({ id: 'resp_1', output: [{ content: [{ text: 'Hello' }] }], error })
  expect(jsonOf(build({ type: 'error', error: { message: 'x' } }))).toEqual({ error: { message: 'x' } })
})

test('without its content it still knows how it ended', () => {
  const builder = build(CREATED, ...MESSAGE)
  builder.dropContent()
  builder.add(JSON.stringify(text(0, 0, '!')))
  expect(jsonOf(builder).output).toEqual([])
  builder.add(JSON.stringify(last('completed')))
  builder.dropContent()
  expect(builder.toJson()).toBeUndefined()
  expect(builder).toMatchObject({ isWhole: true, finishReason: 'completed', usage: { output_tokens: 2 } })
})

test('malformed data does no harm', () => {
  const nothing = build('', '[DONE]', 'null', '7', '[]', '{}', text(0, 0, 'x'), { type: 'response.completed' })
  expect(nothing.toJson()).toBeUndefined()
  const builder = build(
    CREATED,
    item(0, { content: 'x', summary: 7 }),
    part(0, 4294967294, { text: '' }),
    part(0, -1, { text: '' }),
    part(0, 0.5, { text: '' }),
    text(0, 4294967294, 'x'),
    { type: 'constructor', output_index: 0, delta: 'x' },
    { type: 'response.output_text.delta', output_index: 0, content_index: 'x', delta: {} },
    '{"type":"response.output_item.added","output_index":1,"item":{"__proto__":{"polluted":1}}}',
    '{"type":"__proto__","output_index":1,"delta":"x"}',
    { type: 'response.output_item.added', output_index: 2, item: null },
  )
  expect(jsonOf(builder).output).toHaveLength(2)
  expect(jsonOf(builder).output[0]).toEqual({ content: [], summary: 7 })
  expect({}).not.toHaveProperty('polluted')
})
