import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../../logdb/canon/canonical-reader.ts'
import { isSurelyPlain, messageText } from '../../../logdb/record/message-text.ts'

test.each([
  [
    { role: 'user', content: 'a' },
    { role: 'user', text: 'a', isPlain: true },
  ],
  [
    { role: 'assistant', content: 'a', refusal: null, annotations: [] },
    { role: 'assistant', text: 'a', isPlain: true },
  ],
  [{ content: 'a' }, { role: 'user', text: 'a', isPlain: false }],
  [
    { role: 'user', content: 'a\u0000b' },
    { role: 'user', text: 'a\uFFFDb', isPlain: false },
  ],
  [
    { role: 'user', content: 'a\ud83d' },
    { role: 'user', text: 'a\uFFFD', isPlain: false },
  ],
  [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'data:x' } },
      ],
    },
    { role: 'user', text: 'a', isPlain: false },
  ],
  [
    { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{"q":1}' } }] },
    { role: 'assistant', text: 'f\nq: 1', isPlain: false },
  ],
  [
    { role: 'assistant', reasoning_content: 'r', content: 'a' },
    { role: 'assistant', text: 'r\na', isPlain: false },
  ],
  [
    { role: 'assistant', content: [{ type: 'tool_use', name: 'f', input: { q: 1 } }] },
    { role: 'assistant', text: 'f\nq: 1', isPlain: false },
  ],
  [
    {
      type: 'function_call',
      name: 'write',
      arguments: '{"path":"a.py","lines":["import os\\nprint","\\u8bed\\u8a00"],"n":{}}',
    },
    { role: 'assistant', text: 'write\npath: a.py\nlines: import os\nprint\n语言\nn', isPlain: false },
  ],
  [
    { type: 'custom_tool_call', name: 'shell', input: 'ls -l' },
    { role: 'assistant', text: 'shell\nls -l', isPlain: false },
  ],
  [
    { type: 'function_call_output', call_id: 'c', output: 'done' },
    { role: 'tool', text: 'done', isPlain: false },
  ],
  [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'r' }], encrypted_content: 'x' },
    { role: 'assistant', text: 'r', isPlain: false },
  ],
  [
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'a' }] }] },
    { role: 'user', text: 'a', isPlain: false },
  ],
  [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 't', signature: 'x' },
        { type: 'text', text: 'a' },
      ],
    },
    { role: 'assistant', text: 't\na', isPlain: false },
  ],
  [
    { role: 'model', parts: [{ functionCall: { name: 'f', args: { city: 'Oslo' } } }] },
    { role: 'assistant', text: 'f\ncity: Oslo', isPlain: false },
  ],
  [
    { role: 'user', parts: [{ functionResponse: { name: 'f', response: { sky: ['clear', true] } } }] },
    { role: 'user', text: 'f\nsky: clear\ntrue', isPlain: false },
  ],
  [
    { role: 'assistant', content: null, audio: { id: 'i', data: 'x', transcript: 'a' } },
    { role: 'assistant', text: 'a', isPlain: false },
  ],
  [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }, undefined],
  [{ role: 'user', content: ' \n' }, undefined],
])('what is searched of %j', (message, expected) => {
  expect(messageText({ json: canonicalJson(Buffer.from(JSON.stringify(message))), role: 'user' })).toEqual(expected)
})

test('a message that only Python accepts as JSON can still be searched', () => {
  expect(messageText({ json: Buffer.from('{"content": "a", "role": "user", "score": NaN}'), role: 'user' })).toEqual({
    role: 'user',
    text: 'a',
    isPlain: false,
  })
})

test('very deep arguments do no harm', () => {
  const deep = { name: 'f', arguments: `${'['.repeat(100_000)}${']'.repeat(100_000)}` }
  expect(messageText({ json: Buffer.from(JSON.stringify(deep)), role: 'user' })).toMatchObject({ text: 'f' })
})

test('a surely plain message is plain, whatever its first character', () => {
  const [plain, wrong]: [string[], string[]] = [[], []]
  for (let code = 1; code < 0x10000; code++) {
    for (const content of [String.fromCharCode(code), ` \n\t${String.fromCharCode(code)}`]) {
      const json = canonicalJson(Buffer.from(JSON.stringify({ role: 'user', content })))
      if (!isSurelyPlain(json)) continue
      plain.push(content)
      const found = messageText({ json, role: '' })
      if (!isDeepStrictEqual(found, { role: 'user', text: content, isPlain: true })) wrong.push(content)
    }
  }
  expect(wrong).toEqual([])
  expect(plain).toEqual(expect.arrayContaining(['a', ' \n\ta', '"', ' \n\t\\', 'ж', '中']))
})
