import { expect, test } from 'vitest'
import { canonicalJson } from '../../../logdb/canon/canonical-reader.ts'
import { isSurelyPlain, messageTexts } from '../../../logdb/record/message-text.ts'

const NOTHING = { texts: [], isOwn: false }

/** Role and text of each, and whether the message is its own text. */
function textsOf(json: Buffer, role: string) {
  const texts = messageTexts({ json, role })
  return {
    texts: texts.map((text) => JSON.parse(text.toString())).map(({ role, content }) => [role, content]),
    isOwn: texts[0] === json,
  }
}

test.each([
  [
    { role: 'user', content: 'a' },
    { texts: [['user', 'a']], isOwn: true },
  ],
  [
    { role: 'assistant', content: 'a', refusal: null, annotations: [] },
    { texts: [['assistant', 'a']], isOwn: false },
  ],
  [{ content: 'a' }, { texts: [['user', 'a']], isOwn: false }],
  [
    { role: 'user', content: 'a\u0000b' },
    { texts: [['user', 'a\uFFFDb']], isOwn: false },
  ],
  [
    { role: 'user', content: 'a\ud83d' },
    { texts: [['user', 'a\uFFFD']], isOwn: false },
  ],
  [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'data:x' } },
      ],
    },
    { texts: [['user', 'a']], isOwn: false },
  ],
  [
    { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{"q":1}' } }] },
    { texts: [['assistant', 'f\nq: 1']], isOwn: false },
  ],
  [
    { role: 'assistant', reasoning_content: 'r', content: 'a' },
    {
      texts: [
        ['assistant', 'a'],
        ['assistant', 'r'],
      ],
      isOwn: false,
    },
  ],
  [
    { role: 'assistant', content: [{ type: 'tool_use', name: 'f', input: { q: 1 } }] },
    { texts: [['assistant', 'f\nq: 1']], isOwn: false },
  ],
  [
    {
      type: 'function_call',
      name: 'write',
      arguments: '{"path":"a.py","lines":["import os\\nprint","\\u8bed\\u8a00"],"n":{}}',
    },
    { texts: [['assistant', 'write\npath: a.py\nlines: import os\nprint\n语言\nn']], isOwn: false },
  ],
  [
    { type: 'custom_tool_call', name: 'shell', input: 'ls -l' },
    { texts: [['assistant', 'shell\nls -l']], isOwn: false },
  ],
  [
    { type: 'function_call_output', call_id: 'c', output: 'done' },
    { texts: [['tool', 'done']], isOwn: false },
  ],
  [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'r' }], encrypted_content: 'x' },
    { texts: [['assistant', 'r']], isOwn: false },
  ],
  [
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'a' }] }] },
    { texts: [['user', 'a']], isOwn: false },
  ],
  [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 't', signature: 'x' },
        { type: 'text', text: 'a' },
      ],
    },
    {
      texts: [
        ['assistant', 'a'],
        ['assistant', 't'],
      ],
      isOwn: false,
    },
  ],
  [
    { role: 'model', parts: [{ functionCall: { name: 'f', args: { city: 'Oslo' } } }] },
    { texts: [['assistant', 'f\ncity: Oslo']], isOwn: false },
  ],
  [
    { role: 'user', parts: [{ functionResponse: { name: 'f', response: { sky: ['clear', true] } } }] },
    { texts: [['user', 'f\nsky: clear\ntrue']], isOwn: false },
  ],
  [
    { role: 'assistant', content: null, audio: { id: 'i', data: 'x', transcript: 'a' } },
    { texts: [['assistant', 'a']], isOwn: false },
  ],
  [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }, NOTHING],
  [{ role: 'user', content: ' \n' }, NOTHING],
])('what is searched of %j', (message, expected) => {
  expect(textsOf(canonicalJson(Buffer.from(JSON.stringify(message))), 'user')).toEqual(expected)
})

test('a message that only Python accepts as JSON can still be searched', () => {
  const found = textsOf(Buffer.from('{"content": "a", "role": "user", "score": NaN}'), 'user')
  expect(found).toEqual({ texts: [['user', 'a']], isOwn: false })
})

test('very deep arguments do no harm', () => {
  const deep = { name: 'f', arguments: `${'['.repeat(100_000)}${']'.repeat(100_000)}` }
  expect(textsOf(Buffer.from(JSON.stringify(deep)), 'user').texts).toEqual([['user', expect.stringMatching(/^f/)]])
})

test('a surely plain message says what its role and content are, whatever its first character', () => {
  const [plain, wrong]: [string[], string[]] = [[], []]
  for (let code = 1; code < 0x10000; code++) {
    for (const content of [String.fromCharCode(code), ` \n\t${String.fromCharCode(code)}`]) {
      const json = canonicalJson(Buffer.from(JSON.stringify({ role: 'user', content })))
      if (!isSurelyPlain(json)) continue
      plain.push(content)
      // Another member makes the slow way find the same.
      const more = canonicalJson(Buffer.from(JSON.stringify({ role: 'user', content, name: 'n' })))
      const [found] = messageTexts({ json: more, role: '' })
      if (!found?.equals(json)) wrong.push(content)
    }
  }
  expect(wrong).toEqual([])
  expect(plain).toEqual(expect.arrayContaining(['a', ' \n\ta', '"', ' \n\t\\', 'ж', '中']))
})

test('texts are canonical, whatever their characters', () => {
  const wrong: number[] = []
  for (let code = 0; code < 0x10000; code++) {
    const content = `a${String.fromCharCode(code)}`
    const json = canonicalJson(Buffer.from(JSON.stringify({ role: 'user', content, name: 'n' })))
    const [text] = messageTexts({ json, role: '' })
    if (!text || !canonicalJson(text).equals(text)) wrong.push(code)
  }
  expect(wrong).toEqual([])
})

test('a message and its repetitions in other forms have the same text', () => {
  const forms = [
    { role: 'assistant', content: 'a' },
    { role: 'assistant', content: 'a', refusal: null, annotations: [] },
    { role: 'assistant', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
    { role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [] }], id: 'm', status: 'completed' },
    { role: 'assistant', content: 'a', reasoning_content: 'r' },
    { role: 'model', parts: [{ text: 'a' }] },
  ]
  const first = forms.map((form) => messageTexts({ json: Buffer.from(JSON.stringify(form)), role: '' })[0]?.toString())
  expect(new Set(first)).toEqual(new Set(['{"content": "a", "role": "assistant"}']))
})
