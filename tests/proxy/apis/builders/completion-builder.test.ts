import { expect, test } from 'vitest'
import { CompletionBuilder } from '../../../../proxy/apis/builders/completion-builder.ts'

function add(builder: CompletionBuilder, chunk: unknown) {
  builder.add(JSON.stringify(chunk))
}

function jsonOf(builder: CompletionBuilder) {
  return JSON.parse(String(builder.toJson()))
}

function build(...deltas: object[]) {
  const builder = new CompletionBuilder('chat.completion')
  for (const delta of deltas) add(builder, { choices: [{ delta, finish_reason: null }] })
  return builder
}

function messageOf(builder: CompletionBuilder) {
  const [choice] = jsonOf(builder).choices as { message: object }[]
  return choice?.message
}

test('tool calls without an index: another id is another call', () => {
  const call = (id: string | undefined, args: string) => ({
    ...(id && { id, type: 'function' }),
    function: { ...(id && { name: 'f' }), arguments: args },
  })
  const builder = build(
    { tool_calls: [call('a', '{')] },
    { tool_calls: [call(undefined, '}')] },
    { tool_calls: [call('b', '{"x"'), call(undefined, ':1}')] },
  )
  expect(messageOf(builder)).toMatchObject({
    tool_calls: [
      { id: 'a', function: { name: 'f', arguments: '{}' } },
      { id: 'b', function: { name: 'f', arguments: '{"x":1}' } },
    ],
  })
})

test('repeated ids and types are not joined', () => {
  const builder = build(
    { role: 'assistant', tool_calls: [{ index: 0, id: 'a', type: 'function', function: { arguments: 'x' } }] },
    { role: 'assistant', tool_calls: [{ index: 0, id: 'a', type: 'function', function: { arguments: 'y' } }] },
  )
  expect(messageOf(builder)).toEqual({
    role: 'assistant',
    content: null,
    tool_calls: [{ index: 0, id: 'a', type: 'function', function: { arguments: 'xy' } }],
  })
})

test('reasoning details, audio, log probabilities and unknown fields are kept', () => {
  const builder = build(
    {
      reasoning_content: 'a',
      reasoning_details: [{ index: 0, type: 'text', text: 'x' }],
      audio: { id: '1', data: 'AA' },
    },
    { reasoning_content: 'b', reasoning_details: [{ index: 0, type: 'text', text: 'y' }], audio: { data: 'BB' } },
    { annotations: [{ url: 1 }], content: null },
    { annotations: [{ url: 2 }], novelty: { deep: ['z'] } },
  )
  add(builder, {
    choices: [{ index: 0, delta: {}, logprobs: { content: [{ token: 'a' }] }, native_finish_reason: 'STOP' }],
  })
  add(builder, { choices: [{ index: 0, delta: {}, logprobs: { content: [{ token: 'b' }] }, finish_reason: 'stop' }] })
  expect(jsonOf(builder)).toEqual({
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          reasoning_content: 'ab',
          reasoning_details: [{ index: 0, type: 'text', text: 'xy' }],
          audio: { id: '1', data: 'AABB' },
          annotations: [{ url: 1 }, { url: 2 }],
          novelty: { deep: ['z'] },
        },
        logprobs: { content: [{ token: 'a' }, { token: 'b' }] },
        native_finish_reason: 'STOP',
        finish_reason: 'stop',
      },
    ],
  })
})

test('it is complete only when every choice has ended', () => {
  const builder = new CompletionBuilder('chat.completion')
  expect([builder.isWhole, builder.toJson()]).toEqual([false, undefined])
  add(builder, { choices: [{ index: 1, delta: { content: 'b' }, finish_reason: 'length' }] })
  add(builder, { choices: [{ index: 0, delta: { content: 'a' } }] })
  expect([builder.isWhole, builder.finishReason]).toEqual([false, null])
  add(builder, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  expect([builder.isWhole, builder.finishReason]).toEqual([true, 'stop'])
})

test('malformed data does no harm', () => {
  const builder = new CompletionBuilder('chat.completion')
  const nonsense: unknown[] = [
    null,
    7,
    'x',
    [],
    {},
    { choices: null },
    { choices: [null, 7, { delta: 'x' }] },
    { usage: 3 },
  ]
  for (const chunk of nonsense) add(builder, chunk)
  builder.add('no json')
  expect(builder.usage).toBeNull()
  builder.add('{"__proto__":{"polluted":1},"choices":[{"delta":{"__proto__":{"polluted":1}}}]}')
  expect({}).not.toHaveProperty('polluted')
})

test('a chunk that is nested too deeply is omitted', () => {
  const deep = `${'{"x":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const builder = build({ content: 'a' })
  for (const round of ['1', '2']) {
    builder.add(`{"choices":[{"delta":{"deep":${deep},"content":"${round}"}}]}`)
    builder.add(`{"choices":[],"usage":{"total_tokens":${round},"deep":${deep}}}`)
  }
  add(builder, { choices: [{ delta: { content: 'b' } }], usage: { total_tokens: 3 } })
  expect(messageOf(builder)).toMatchObject({ content: 'ab' })
  expect(builder.usage).toEqual({ total_tokens: 3 })
})

test('a thousand levels are read', () => {
  const levels = (count: number) => JSON.parse(`${'['.repeat(count)}${']'.repeat(count)}`) as unknown
  const known = build({ deep: levels(990) })
  expect(messageOf(known)).toMatchObject({ deep: levels(990) })
  expect(build({ deep: levels(1001) }).toJson()).toBeUndefined()
})

const call = (index: number | undefined, id: string | undefined, name: string, args: string) => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }],
})

function callsOf(builder: CompletionBuilder) {
  return (messageOf(builder) as { tool_calls: { index?: number; function: object }[] }).tool_calls
}

test('two calls with one index are two calls, by id or by name', () => {
  const city = (name: string) => `{"city":"${name}"}`
  for (const [first, second] of [
    ['a', 'b'],
    ['', ''],
    [undefined, undefined],
  ]) {
    const builder = build(call(0, first, 'weather', city('Rome')), call(0, second, 'weather', city('Oslo')))
    expect(callsOf(builder)).toMatchObject([
      { index: 0, function: { name: 'weather', arguments: city('Rome') } },
      { index: 1, function: { name: 'weather', arguments: city('Oslo') } },
    ])
  }
})

test('a name that is repeated in each piece is one name', () => {
  const repeated = build(
    call(0, 'a', 'weather', '{"city"'),
    call(0, 'a', 'weather', ':"Rome"}'),
    call(0, '', 'weather', ''),
  )
  expect(callsOf(repeated)).toMatchObject([{ id: 'a', function: { name: 'weather', arguments: '{"city":"Rome"}' } }])
  const growing = build(call(0, 'a', 'wea', ''), call(0, undefined, 'weather', '{}'))
  expect(callsOf(growing)).toMatchObject([{ function: { name: 'weather', arguments: '{}' } }])
  const divided = build(call(0, 'a', 'wea', ''), call(0, undefined, 'ther', ''))
  expect(callsOf(divided)).toMatchObject([{ function: { name: 'weather' } }])
})

test("Mistral's content is a list of parts, and then text", () => {
  const thinking = (text: string) => ({ content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] })
  const builder = build(
    { role: 'assistant', content: '' },
    thinking('Let me'),
    thinking(' think'),
    { content: 'The' },
    { content: ' end' },
  )
  expect(messageOf(builder)).toEqual({
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Let me think' }] },
      { type: 'text', text: 'The end' },
    ],
  })
})

test("Azure's first chunk is empty, and its filter results are facts", () => {
  const builder = new CompletionBuilder('chat.completion')
  add(builder, { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] })
  const results = { hate: { filtered: false, severity: 'safe' } }
  for (const content of ['a', 'b']) {
    add(builder, {
      id: 'c',
      created: 7,
      model: 'gpt',
      choices: [{ index: 0, delta: { content }, content_filter_results: results }],
    })
  }
  add(builder, {
    id: 'c',
    created: 7,
    model: 'gpt',
    choices: [{ index: 0, delta: {}, finish_reason: 'stop', content_filter_results: {} }],
  })
  expect(jsonOf(builder)).toMatchObject({
    id: 'c',
    created: 7,
    model: 'gpt',
    prompt_filter_results: [{ prompt_index: 0 }],
    choices: [{ message: { content: 'ab' }, finish_reason: 'stop', content_filter_results: results }],
  })
})

test("Groq's usage is in a member of its own", () => {
  const builder = build({ content: 'a' })
  add(builder, {
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
    x_groq: { id: 'r', usage: { total_tokens: 3 } },
  })
  expect([builder.usage, jsonOf(builder).usage]).toEqual([{ total_tokens: 3 }, { total_tokens: 3 }])
})

test('the digits of large integers survive', () => {
  const builder = new CompletionBuilder('chat.completion')
  for (const piece of ['"content":"a","n":12345678901234567890', '"content":"b","n":12345678901234567891']) {
    builder.add(
      `{"seed":98765432109876543210,"choices":[{"index":0,"delta":{${piece}}}],"usage":{"cost":11111111111111111111}}`,
    )
  }
  const json = String(builder.toJson())
  expect(json).toContain('"seed":98765432109876543210')
  expect(json).toContain('"content":"ab","n":12345678901234567891')
  expect(json).toContain('"usage":{"cost":11111111111111111111}')
  expect(builder.usage).toEqual({ cost: Number('11111111111111111111') })
})
