import { expect, test } from 'vitest'
import { REQUEST_MEMBERS } from '../../../proxy/apis/api.ts'
import { conversationOf } from '../../../proxy/apis/conversation.ts'
import { scanJsonObject } from '../../../proxy/json/scan.ts'

/** The texts of the mark of a conversation. */
function markOf(body: object | string): string[] {
  const json = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const { mark } = conversationOf({ name: 'messages' }, json, scanJsonObject(json, REQUEST_MEMBERS) ?? {})
  return mark()?.toString().split('\0') ?? []
}

const MESSAGES = [{ role: 'user', content: 'Hi' }]

// Other releases answer at the same time, and must choose the same key: the marks may not change.

test.for([
  ['a text', [{ role: 'user', content: 'Hi' }], ['"Hi"']],
  ['the role after the content', [{ content: 'Hi', role: 'user' }], ['"Hi"']],
  ['texts of parts', [{ role: 'user', content: [{ type: 'text', text: 'a' }, { text: 'b' }] }], ['"a"', '"b"']],
  ['a part without a text', [{ role: 'user', content: [{ type: 'image', n: [1] }] }], ['{"type":"image","n":[1]}']],
  ['content that is no text', [{ role: 'user', content: { a: [1] } }], ['{"a":[1]}']],
  ['what comes before the user', [{ role: 'system', content: 'S' }, ...MESSAGES], ['"S"', '"Hi"']],
  ['nothing after the user', [...MESSAGES, { role: 'user', content: 'more' }], ['"Hi"']],
  ['messages that say nothing', [1, null, 'x', [], { role: 'tool' }, ...MESSAGES], ['"Hi"']],
] as const)('of the messages, the mark has %s', ([, messages, texts]) => {
  expect(markOf({ model: 'm', messages })).toEqual([...texts, ''])
  expect(markOf(JSON.stringify({ model: 'm', input: messages }, null, 2)).length).toBe(texts.length + 1)
})

test('of a member that occurs twice, the last one is meant', () => {
  const message = '{"role":"user","content":"a","content":[{"text":"b","text":"c"}],"role":"assistant"}'
  expect(markOf(`{"messages":[${message},{"role":"user","content":"d"}]}`)).toEqual(['"c"', '"d"', ''])
})

test('instructions come first, and of a long text only its beginning', () => {
  const long = 'x'.repeat(100_000)
  const [system = '', user = ''] = markOf({ system: [{ text: long }], messages: [{ role: 'user', content: long }] })
  expect([system.length, user.length]).toEqual([65_536, 65_536])
  expect(markOf({ instructions: 'Be brief.', input: 'Hi' })).toEqual(['"Be brief."', '"Hi"', ''])
})

test.for([
  [{ prompt_cache_key: 'k', metadata: { user_id: 'u' } }, ['k']],
  [{ prompt_cache_key: '', metadata: { user_id: 'u' } }, ['u']],
  [{ prompt_cache_key: null, metadata: { user_id: 'u' } }, ['u']],
  [{ prompt_cache_key: '', metadata: { user_id: '' } }, ['"Hi"', '']],
] as const)('of %j, the name that says something is the mark', ([members, mark]) => {
  expect(markOf({ messages: MESSAGES, ...members })).toEqual(mark)
})
