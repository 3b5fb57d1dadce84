import { expect, test } from 'vitest'
import { answerText, codeBlocks } from '../../../logdb/conversation/answer-text.ts'
import { offeredTools, requestParameters } from '../../../logdb/conversation/parameters.ts'

test('parameters are what a request asks for in addition to its conversation', () => {
  const body = {
    model: 'm',
    messages: [],
    tools: [],
    stream: true,
    temperature: 0.2,
    user: 'x',
    stop: ['a'],
    seed: null,
  }
  expect(requestParameters(body)).toEqual([
    ['stream', 'true'],
    ['temperature', '0.2'],
    ['user', 'x'],
    ['stop', '["a"]'],
  ])
  expect(requestParameters('text')).toEqual([])
  for (const name of ['_digest', '_omitted', '_truncated'])
    expect(requestParameters({ [name]: { bytes: 1 } })).toEqual([])
})

test.each([
  [
    {
      tools: [
        { type: 'function', function: { name: 'ls' } },
        { type: 'custom', custom: { name: 'sql' } },
      ],
    },
    ['ls', 'sql'],
  ],
  [
    { tools: [{ type: 'function', name: 'ls' }, { type: 'web_search' }, { name: 'edit', input_schema: {} }] },
    ['ls', 'web_search', 'edit'],
  ],
  [
    { tools: [{ functionDeclarations: [{ name: 'a' }, { name: 'b' }] }, { googleSearch: {} }] },
    ['a', 'b', 'googleSearch'],
  ],
  [{ functions: [{ name: 'old' }] }, ['old']],
  [{}, []],
])('tools of %j are %j', (body, names) => {
  expect(offeredTools(body)).toEqual(names)
})

test('code blocks are found by both kinds of fences, also within a longer one and without an end', () => {
  const text = 'See:\n```ts\nconst a = 1\n```\nand\n~~~\nb\n\n~~~\n````md\n```\nx\n```\n````\nlast\n```sh\nls'
  expect(codeBlocks(text)).toEqual(['const a = 1\n', 'b\n\n', '```\nx\n```\n', 'ls'])
  expect(codeBlocks('no `code` here')).toEqual([])
})

test('the text of an answer has no reasoning and no calls', () => {
  const parts = [
    { kind: 'reasoning' as const, text: 'hm' },
    { kind: 'text' as const, text: 'One' },
    { kind: 'call' as const, name: 'ls', text: '{}' },
    { kind: 'text' as const, text: 'Two\n' },
  ]
  expect(answerText([{ role: 'assistant', parts }])).toBe('One\n\nTwo\n')
})
