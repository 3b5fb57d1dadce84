import { expect, test } from 'vitest'
import { parseBody, requestTurns, responseTurns } from '../../../logdb/conversation/turns.ts'

/** Each turn as `role: kind name text | ...`. */
function lines(turns: ReturnType<typeof requestTurns>): string[] {
  return turns.map(({ role, parts }) => {
    const texts = parts.map(({ kind, name, text }) => [kind, name, text].filter((one) => one !== undefined).join(' '))
    return `${role}: ${texts.join(' | ')}`
  })
}

const image = { type: 'image_url', image_url: { url: 'data:image/png;sha256=ab;bytes=3' } }

test.each([
  [
    'chat',
    {
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'what is it?' }, image] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'look', arguments: '{"at":"it","n":2}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'a cat' },
        { role: 'assistant', content: 'a cat', reasoning_content: 'hm', refusal: null },
        { role: 'assistant', content: null, refusal: 'no' },
        { role: 'assistant', content: null, function_call: { name: 'old', arguments: '{}' } },
        { role: 'function', name: 'old', content: 'x' },
        { role: 'assistant', content: '' },
      ],
    },
    [
      'system: text be brief',
      `user: text what is it? | note ${JSON.stringify(image)}`,
      'assistant: call look at: it\nn: 2',
      'tool: result a cat',
      'assistant: reasoning hm | text a cat',
      'assistant: refusal no',
      'assistant: call old ',
      'function: result old x',
    ],
  ],
  ['completions', { prompt: 'once upon' }, ['user: text once upon']],
  ['completions, several prompts', { prompt: ['a', 'b'] }, ['user: text a', 'user: text b']],
  [
    'Anthropic messages',
    {
      system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'weather?' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'x' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 't', name: 'weather', input: { city: 'Oslo' } },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'cold' }] }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'cold' }] },
      ],
    },
    [
      'system: text be brief',
      'user: text weather?',
      'assistant: reasoning hm | text I look. | call weather city: Oslo',
      'user: result cold',
      'user: result cold',
    ],
  ],
  [
    'Responses',
    {
      instructions: 'be brief',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'weather?' }] },
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        { type: 'function_call', name: 'weather', arguments: '{"city":"Oslo"}', call_id: 'c' },
        { type: 'function_call_output', call_id: 'c', output: 'cold' },
      ],
    },
    [
      'system: text be brief',
      'user: text weather?',
      'assistant: reasoning hm',
      'assistant: call weather city: Oslo',
      'tool: result cold',
    ],
  ],
  ['Responses, a text', { input: 'hi' }, ['user: text hi']],
  ['embeddings of tokens', { input: [1, 2] }, []],
  [
    'Gemini',
    {
      systemInstruction: { parts: [{ text: 'be brief' }] },
      contents: [
        { role: 'user', parts: [{ text: 'weather?' }, { inlineData: { mimeType: 'image/png', data: 'AA' } }] },
        {
          role: 'model',
          parts: [{ text: 'hm', thought: true }, { functionCall: { name: 'weather', args: { city: 'Oslo' } } }],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { sky: 'clear' } } }] },
        {
          role: 'model',
          parts: [{ executableCode: { language: 'PYTHON', code: '1+1' } }, { codeExecutionResult: { output: '2' } }],
        },
      ],
    },
    [
      'system: text be brief',
      'user: text weather? | note {"inlineData":{"mimeType":"image/png","data":"AA"}}',
      'assistant: reasoning hm | call weather city: Oslo',
      'user: result weather sky: clear',
      'assistant: call 1+1 | result 2',
    ],
  ],
  ['removed', { _removed: true }, ['user: note removed']],
  ['no JSON', { _invalid_body: '{' }, ['user: note not JSON: {']],
  [
    'too long',
    { model: 'm', _truncated: { bytes: 9, head: '{"a', tail: 'z"}' } },
    ['user: note logged in part, 9 bytes: {"a … z"}'],
  ],
  ['relayed, in an old log', { _digest: { bytes: 9, sha256: 'ab' } }, ['user: note not logged, 9 bytes, SHA-256 ab']],
  ['relayed', { model: 'm', _digest: { bytes: 9 } }, ['user: note not logged, 9 bytes']],
  ['left out', { _omitted: { bytes: 9, hmac_sha256: 'ab' } }, ['user: note not logged, 9 bytes, HMAC-SHA-256 ab']],
  ['a text', 'hi', []],
])('a request: %s', (_, body, expected) => {
  expect(lines(requestTurns(body))).toEqual(expected)
})

test.each([
  [
    'chat',
    { choices: [{ message: { role: 'assistant', content: 'a' } }, { message: { role: 'assistant', content: 'b' } }] },
    ['assistant: text a', 'assistant: text b'],
  ],
  ['completions', { choices: [{ text: 'a' }] }, ['assistant: text a']],
  ['Anthropic messages', { role: 'assistant', content: [{ type: 'text', text: 'a' }] }, ['assistant: text a']],
  [
    'Responses',
    {
      output: [
        { type: 'reasoning', summary: [] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
        { type: 'custom_tool_call', name: 'shell', input: 'ls' },
      ],
    },
    ['assistant: text a', 'assistant: call shell ls'],
  ],
  ['Gemini', { candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] } }] }, ['assistant: text a']],
  ['an error', { error: { message: 'too much', code: 'rate_limit' } }, ['error: text too much']],
  ['another error', { error: { status: 500 } }, ['error: text status: 500']],
  ['embeddings', { data: [{ embedding: [0.1] }] }, []],
])('a response: %s', (_, body, expected) => {
  expect(lines(responseTurns(body))).toEqual(expected)
})

test('a long note is cut; JSON that only Python accepts can be read', () => {
  const [turn] = requestTurns({ messages: [{ role: 'user', content: [{ type: 'file', data: 'x'.repeat(2000) }] }] })
  expect(turn?.parts[0]?.text).toHaveLength(501)
  expect(parseBody('{"a": NaN, "b": [-Infinity]}')).toEqual({ a: null, b: [null] })
})
