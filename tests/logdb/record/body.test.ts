import { expect, test } from 'vitest'
import { CanonicalReader, canonicalJson, type Mark } from '../../../logdb/canon/canonical-reader.ts'
import { readBody, visitRequest, visitResponse } from '../../../logdb/record/body.ts'
import { messageTexts } from '../../../logdb/record/message-text.ts'

function split(value: unknown, visit = visitRequest) {
  const json = Buffer.from(JSON.stringify(value))
  const reader = new CanonicalReader()
  reader.begin(json)
  const body = readBody(reader, visit)
  const text = (start: number, end: number) => reader.sink.view(start, end).toString('utf8')
  expect(text(body.start, body.end)).toBe(canonicalJson(json).toString('utf8'))
  const joined = body.items.map(({ start, end }) => text(start, end)).join(', ')
  expect(text(body.headEnd, body.tailStart)).toBe(joined)
  const texts = (marks: Mark[]) =>
    marks.map(({ start, end, name }) => {
      const found = messageTexts({ json: reader.sink.view(start, end), role: name })
      const texts = found.map((json) => JSON.parse(json.toString()))
      return [texts[0]?.role, texts.length > 0 ? texts.map(({ content }) => content).join('\n') : undefined]
    })
  return {
    stored: texts(body.items),
    inside: texts(body.inside),
    head: text(body.start, body.headEnd),
    tail: text(body.tailStart, body.end),
  }
}

const user = (content: unknown) => ({ role: 'user', content })

test('a conversation is cut out of its request', () => {
  const body = split({ temperature: 1, model: 'm', messages: [user('a'), { role: 'assistant', content: 'b' }] })
  expect(body).toEqual({
    head: '{"messages": [',
    tail: '], "model": "m", "temperature": 1}',
    stored: [
      ['user', 'a'],
      ['assistant', 'b'],
    ],
    inside: [],
  })
})

test.each([
  [{ model: 'm', prompt: 'a' }, [['user', 'a']]],
  [
    { model: 'm', prompt: ['a', 'b'] },
    [
      ['user', 'a'],
      ['user', 'b'],
    ],
  ],
  [{ input: 'a', instructions: 'i' }, [['user', 'a']]],
  [
    {
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'a' }] },
        { type: 'function_call_output', output: 'o' },
      ],
    },
    [
      ['user', 'a'],
      ['tool', 'o'],
    ],
  ],
  [
    { contents: [{ parts: [{ text: 'a' }, { text: 'b' }] }, { role: 'model', parts: [{ text: 'c' }] }] },
    [
      ['user', 'a\nb'],
      ['assistant', 'c'],
    ],
  ],
  [{ messages: [] }, []],
  [{ messages: null }, []],
  [{ messages: 'a' }, [['user', 'a']]],
  [[1, 2], []],
  ['text', []],
])('%j', (body, stored) => {
  expect(split(body).stored).toEqual(stored)
})

test('texts outside the conversation stay in place and can be searched', () => {
  expect(split({ messages: [user('a')], system: 'be brief', prompt: 'p' }).inside).toEqual([
    ['user', 'p'],
    ['system', 'be brief'],
  ])
})

test.each([
  [
    {
      choices: [
        { index: 0, message: { role: 'assistant', content: 'a' } },
        { index: 1, message: { content: 'b' } },
      ],
      id: 1,
    },
    [['assistant', 'a']],
    [['assistant', 'b']],
  ],
  [{ choices: [{ text: 'a' }] }, [['assistant', 'a']], []],
  [{ choices: [{ message: null }] }, [], []],
  [{ choices: [] }, [], []],
  [{ candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] } }] }, [['assistant', 'a']], []],
  [{ role: 'assistant', content: [{ type: 'text', text: 'a' }] }, [['assistant', 'a']], []],
  [
    {
      output: [
        { type: 'reasoning', summary: [{ text: 'r' }] },
        { type: 'message', role: 'assistant', content: [{ text: 'a' }] },
      ],
    },
    [['assistant', 'a']],
    [['assistant', 'r']],
  ],
  [{ error: { message: 'e', code: 'c' } }, [['error', 'e']], []],
  [{ error: 'e' }, [['error', 'e']], []],
  [{ output: [{ type: 'message', content: 'a' }], error: null }, [['assistant', 'a']], []],
  ['text', [], []],
])('response %j', (body, stored, inside) => {
  const result = split(body, visitResponse)
  expect([result.stored, result.inside]).toEqual([stored, inside])
})
