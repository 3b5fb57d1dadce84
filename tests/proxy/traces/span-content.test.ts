import { expect, test } from 'vitest'
import { contentAttributes } from '../../../proxy/traces/span-content.ts'

const MAX_TEXT = 16_384
const MAX_ATTRIBUTE = 65_536

function logged(value: unknown) {
  return { json: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), truncated: false }
}

/** The attributes of a request and its answer, parsed. */
function contentOf(endpoint: string, request: unknown, response: unknown, finish_reason: string | null = 'stop') {
  const bodies = { request: logged(request), response: logged(response) }
  const { 'ai_proxy.content_truncated': isCut, ...texts } = contentAttributes({ endpoint, finish_reason }, bodies)
  const parsed = (text: string | undefined) => text && JSON.parse(text)
  return {
    system: parsed(texts['gen_ai.system_instructions']),
    input: parsed(texts['gen_ai.input.messages']),
    output: parsed(texts['gen_ai.output.messages']),
    isCut,
  }
}

const text = (content: string) => ({ type: 'text', content })

test('chat completions: texts, images, calls of tools and their results, reasoning, and each choice', () => {
  const digest = 'data:image/png;sha256=ab;bytes=9'
  const sound = 'data:audio/wav;sha256=cd;bytes=9'
  const tool_calls = [
    {
      id: 'c1',
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Oslo"}' },
    },
    { id: 'c2', type: 'custom', custom: { name: 'run', input: 'ls' } },
  ]
  const messages = [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What?' },
        { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
        { type: 'image_url', image_url: { url: digest } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'input_audio', input_audio: { data: sound, format: 'wav' } },
        { type: 'file', file: { file_id: 'file_1' } },
        { type: 'surprise', secret: 1 },
      ],
    },
    { role: 'assistant', content: null, tool_calls },
    { role: 'tool', tool_call_id: 'c1', content: 'rain' },
  ]
  const choices = [
    { index: 0, message: { role: 'assistant', reasoning_content: 'Hm', content: 'Rain.' }, finish_reason: 'stop' },
    { index: 1, message: { role: 'assistant', refusal: 'No.' }, finish_reason: 'length' },
    { index: 2, message: { role: 'assistant', audio: { transcript: 'Hi' } }, finish_reason: null },
  ]
  expect(contentOf('/v1/chat/completions', { messages }, { choices })).toEqual({
    system: undefined,
    input: [
      { role: 'system', parts: [text('Be brief.')] },
      {
        role: 'user',
        parts: [
          text('What?'),
          { type: 'uri', modality: 'image', uri: 'https://a.example/b.png' },
          { type: 'uri', modality: 'image', mime_type: 'image/png', uri: digest },
          { type: 'image_url', modality: 'image' },
          { type: 'uri', modality: 'audio', mime_type: 'audio/wav', uri: sound },
          { type: 'file', modality: 'document', file_id: 'file_1' },
          { type: 'surprise' },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Oslo' } },
          { type: 'tool_call', id: 'c2', name: 'run', arguments: 'ls' },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'rain' }] },
    ],
    output: [
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'Hm' }, text('Rain.')], finish_reason: 'stop' },
      { role: 'assistant', parts: [text('No.')], finish_reason: 'length' },
      { role: 'assistant', parts: [text('Hi')], finish_reason: 'error' },
    ],
    isCut: undefined,
  })
})

test('messages of Anthropic', () => {
  const request = {
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'ls', input: { path: '.' } }] },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
        ],
      },
    ],
  }
  const content = [
    { type: 'thinking', thinking: 'Hm', signature: 'x' },
    { type: 'redacted_thinking', data: 'y' },
    { type: 'text', text: 'Done.' },
  ]
  expect(contentOf('/v1/messages', request, { role: 'assistant', content }, 'end_turn')).toEqual({
    system: [text('Be brief.')],
    input: [
      { role: 'user', parts: [text('Hi')] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 't1', name: 'ls', arguments: { path: '.' } }] },
      {
        role: 'user',
        parts: [
          { type: 'tool_call_response', id: 't1', response: 'a\nb' },
          text('words'),
          { type: 'image', modality: 'image' },
          { type: 'uri', modality: 'image', uri: 'https://a.example/b.png' },
        ],
      },
    ],
    output: [
      {
        role: 'assistant',
        parts: [{ type: 'reasoning', content: 'Hm' }, { type: 'redacted_thinking' }, text('Done.')],
        finish_reason: 'end_turn',
      },
    ],
    isCut: undefined,
  })
})

test('the Responses API: all items of an answer are one message', () => {
  const input = [
    { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
    { type: 'reasoning', encrypted_content: 'x', summary: [{ type: 'summary_text', text: 'Hm' }] },
    { type: 'function_call', call_id: 'c1', name: 'ls', arguments: '{}' },
    {
      type: 'function_call_output',
      call_id: 'c1',
      output: [{ type: 'input_image', image_url: 'https://a.example/b' }],
    },
    { type: 'item_reference', id: 'i1' },
  ]
  const output = [
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
    { type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: 'diff' },
  ]
  expect(contentOf('/v1/responses', { instructions: 'Be brief.', input }, { output }, 'completed')).toEqual({
    system: [text('Be brief.')],
    input: [
      { role: 'user', parts: [text('Hi')] },
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'Hm' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'ls', arguments: {} }] },
      {
        role: 'tool',
        parts: [
          {
            type: 'tool_call_response',
            id: 'c1',
            response: [{ type: 'uri', modality: 'image', uri: 'https://a.example/b' }],
          },
        ],
      },
      { role: 'assistant', parts: [{ type: 'item_reference' }] },
    ],
    output: [
      {
        role: 'assistant',
        parts: [text('Hello'), { type: 'tool_call', id: 'c2', name: 'patch', arguments: 'diff' }],
        finish_reason: 'completed',
      },
    ],
    isCut: undefined,
  })
  expect(contentOf('/v1/responses', { input: 'Hi' }, {})).toMatchObject({
    input: [{ role: 'user', parts: [text('Hi')] }],
    output: undefined,
  })
})

test('prompts of completions are messages; tokens, errors and other endpoints have none', () => {
  const output = [{ role: 'assistant', parts: [text('c')], finish_reason: 'stop' }]
  const answer = { choices: [{ text: 'c', finish_reason: 'stop' }] }
  const user = (content: string) => ({ role: 'user', parts: [text(content)] })
  expect(contentOf('/v1/completions', { prompt: 'a' }, answer)).toMatchObject({ input: [user('a')], output })
  expect(contentOf('/v1/completions', { prompt: ['a', 'b'] }, answer).input).toEqual([user('a'), user('b')])
  const none = { system: undefined, input: undefined, output: undefined, isCut: undefined }
  expect(contentOf('/v1/completions', { prompt: [1, 2] }, { error: { message: 'x' } })).toEqual(none)
  expect(contentOf('/v1/completions', { prompt: [] }, [])).toEqual(none)
  expect(contentOf('/v1/chat/completions', '{"_invalid_body":"{\\"messages\\""}', 'null')).toEqual(none)
  expect(contentOf('/v1/embeddings', { input: 'a' }, { data: [] })).toEqual(none)
  expect(contentOf('/v1/audio/speech', { input: 'a' }, {})).toEqual(none)
})

test('the newest messages stay, then the newest parts, and the beginning of a text', () => {
  const chat = (contents: unknown[]) => {
    const messages = contents.map((content) => ({ role: 'user', content }))
    const bodies = { request: logged({ messages }), response: logged({}) }
    const fields = { endpoint: '/v1/chat/completions', finish_reason: null }
    const attributes = contentAttributes(fields, bodies)
    const json = attributes['gen_ai.input.messages'] ?? ''
    expect(json.length).toBeLessThanOrEqual(MAX_ATTRIBUTE)
    return { messages: JSON.parse(json), isCut: attributes['ai_proxy.content_truncated'] }
  }
  const few = chat(Array.from({ length: 10 }, (_, at) => `${at}${'x'.repeat(10_000)}`))
  expect(few.messages.map(({ parts: [{ content }] }: { parts: [{ content: string }] }) => content[0])).toEqual([
    ...'456789',
  ])
  expect(few.isCut).toBe(true)
  const exact = chat(['a'.repeat(MAX_TEXT)])
  expect([exact.isCut, exact.messages[0].parts[0].content.length]).toEqual([undefined, MAX_TEXT])
  const long = chat([`${'a'.repeat(MAX_TEXT - 1)}🙂`])
  expect([long.isCut, long.messages[0].parts[0].content]).toEqual([true, `${'a'.repeat(MAX_TEXT - 1)}…`])
  const parts = Array.from({ length: 10 }, (_, at) => ({ type: 'text', text: `${at}${'x'.repeat(10_000)}` }))
  const many = chat(['before', parts])
  expect(many.isCut).toBe(true)
  expect(many.messages).toHaveLength(1)
  expect(many.messages[0].parts.map(({ content }: { content: string }) => content[0])).toEqual([...'456789'])
})

test('bodies that the log does not hold whole, and very large ones, are not read', () => {
  const fields = { endpoint: '/v1/chat/completions', finish_reason: 'stop' }
  const small = logged({ messages: [{ role: 'user', content: 'Hi' }] })
  const answer = logged({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] })
  const large = (bytes: number) => logged({ messages: [], choices: [], padding: 'x'.repeat(bytes) })
  expect(contentAttributes(fields, { request: small, response: answer })).toEqual({
    'gen_ai.input.messages': expect.stringContaining('Hi'),
    'gen_ai.output.messages': expect.stringContaining('Hi'),
  })
  for (const request of [{ ...small, truncated: true }, large(1024 * 1024)]) {
    expect(contentAttributes(fields, { request, response: answer })).toEqual({
      'gen_ai.output.messages': expect.stringContaining('Hi'),
      'ai_proxy.content_truncated': true,
    })
  }
  for (const response of [{ ...answer, truncated: true }, large(512 * 1024)]) {
    expect(contentAttributes(fields, { request: small, response })).toEqual({
      'gen_ai.input.messages': expect.stringContaining('Hi'),
      'ai_proxy.content_truncated': true,
    })
  }
})

test('large integers in what a tool is given keep their digits', () => {
  const given = '{"id":12345678901234567890}'
  const call = (input: string) => `{"role":"assistant","content":[{"type":"tool_use","name":"get","input":${input}}]}`
  const request = logged(`{"messages":[${call(given)},${call(JSON.stringify(given))}]}`)
  const bodies = { request, response: logged({}) }
  const attributes = contentAttributes({ endpoint: '/v1/messages', finish_reason: null }, bodies)
  expect(attributes['gen_ai.input.messages']?.split(`"arguments":${given}`)).toHaveLength(3)
})

test('bodies that are not as the APIs want them, and deep ones, have as much as can be read', () => {
  const odd = [
    null,
    1,
    true,
    '',
    [],
    {},
    [[['a']]],
    { type: 1 },
    { role: 1, type: 'text', text: { type: 'text', text: 'b' } },
  ]
  const types = [
    'text',
    'thinking',
    'reasoning',
    'tool_use',
    'tool_result',
    'image',
    'file',
    'refusal',
    'x_call_output',
  ]
  const members = [
    'text',
    'thinking',
    'summary',
    'input',
    'content',
    'source',
    'file',
    'refusal',
    'output',
    'image_url',
  ]
  const parts = types.flatMap((type) =>
    odd.map((one) => ({ type, ...Object.fromEntries(members.map((name) => [name, one])) })),
  )
  const message = { role: 'user', content: [...odd, ...parts], tool_calls: [...odd, ...parts], audio: 'x', refusal: 1 }
  for (const endpoint of ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/completions']) {
    for (const list of [...odd, [...odd, message], message]) {
      const request = { messages: list, input: list, prompt: list, system: list, instructions: list }
      for (const response of [
        { choices: list },
        { output: list },
        { content: list },
        { choices: [message, { message }] },
        list,
      ]) {
        expect(() => contentOf(endpoint, request, response)).not.toThrow()
      }
    }
  }
  const deep = `${'['.repeat(990)}"a"${']'.repeat(990)}`
  const call = { function: { name: 'f', arguments: deep } }
  const messages = `[{"role":"user","content":${deep}},{"role":"assistant","tool_calls":[${JSON.stringify(call)}]}]`
  expect(contentOf('/v1/chat/completions', `{"messages":${messages}}`, {}).input).toEqual([
    { role: 'user', parts: [text('a')] },
    { role: 'assistant', parts: [{ type: 'tool_call', name: 'f', arguments: JSON.parse(deep) }] },
  ])
})
