import { expect, test } from 'vitest'
import {
  OBJECT_REFERENCES,
  RESPONSE_REFERENCES,
  type ReferenceReader,
} from '../../../../proxy/apis/objects/references.ts'
import { scanJsonObject } from '../../../../proxy/json/scan.ts'

/** What is read of a body, if a scan shows that there is something to read. */
function read(body: unknown, reader: ReferenceReader = OBJECT_REFERENCES) {
  const json = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const watch = reader.watch()
  expect(scanJsonObject(json, ['model'], [], [], watch)).toBeDefined()
  const { objects, encrypted } = reader.read(json)
  if (!watch.isSeen) expect([objects, encrypted]).toEqual([[], []])
  return { ids: objects.map(({ id, member }) => `${member}: ${id}`), encrypted, isSeen: watch.isSeen }
}

const item = (more: object) => read({ input: [{ id: 'x_1', ...more }] }, RESPONSE_REFERENCES).ids

test.for([
  ['in upper case', { Input_File_Id: 'f1' }, ['input_file_id: f1']],
  [
    'twice',
    '{"previous_response_id":"r1","previous_response_id":"r2"}',
    ['previous_response_id: r2', 'previous_response_id: r1'],
  ],
  ['in two cases', '{"file_id":"f1","FILE_ID":"f2"}', ['file_id: f2', 'file_id: f1']],
  ['with an escape', '{"a":[{"file\\u005Fid":"f1"}]}', ['file_id: f1']],
  ['with a letter whose upper case is ASCII', '{"a":{"file_id\u017f":["f1","f2"]}}', ['file_ids: f2', 'file_ids: f1']],
  ['in a list of lists', { file_ids: [['f1'], { x: 'f2' }] }, ['file_ids: f1']],
  [
    'as a container',
    { container: 'c1', tools: [{ container: { id: 'c2', skills: [{ id: 's' }] } }] },
    ['container: c2', 'container: c1'],
  ],
  ['as no text', { file_id: 7, container: { type: 'auto' }, file_ids: {} }, []],
  [
    'and the response before it first',
    { previous_response_id: 'r1', a: { file_id: 'f1' } },
    ['previous_response_id: r1', 'file_id: f1'],
  ],
] as const)('an object that is named %s', ([, body, expected]) => {
  expect(read(body).ids).toEqual(expected)
})

test.for([
  { file_id: null },
  { model: 'file_id', messages: [{ content: '{"file_id":"f1"}', file_idx: 'f' }] },
  { id: 'x' },
])('a body without an object is not read: %j', (body) => expect(read(body).isSeen).toBe(false))

test.for([
  ['a reference', { type: 'item_reference' }, true],
  ['a reference without a type', {}, true],
  ['a reference that pretends to be a message', { type: 'item_reference', role: 'user', content: 'Hi' }, true],
  ['reasoning without its content', { type: 'reasoning', summary: [], content: null }, true],
  ['an image', { type: 'image_generation_call' }, true],
  ['a message', { type: 'message', role: 'assistant', content: [] }, false],
  ['a message without a type', { role: 'user', content: 'Hi' }, false],
  ['a message without content', { type: 'message', role: 'user', content: null }, true],
  ['a call', { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }, false],
] as const)('an item of the input: %s', ([, more, isReference]) => {
  expect(item(more)).toEqual(isReference ? ['input: x_1'] : [])
})

test('items are found in every input, and what is encrypted in its order', () => {
  const body =
    '{"input":[{"id":"x_1"},{"encrypted_content":"e1"}],"Input":[{"id":"x_2"},{"id":"x_3","encrypted_content":"e2"}]}'
  const { ids, encrypted } = read(body, RESPONSE_REFERENCES)
  expect(ids.toSorted()).toEqual(['input: x_1', 'input: x_2', 'input: x_3'])
  expect(encrypted).toEqual(['e1', 'e2'])
})

test('a type that is given twice hides no reference', () => {
  expect(item(JSON.parse('{}'))).toEqual(['input: x_1'])
  const twice = '{"input":[{"id":"x_1","type":"item_reference","type":"message","role":"user","content":"Hi"}]}'
  expect(read(twice, RESPONSE_REFERENCES).ids).toEqual(['input: x_1'])
})

test('nesting of any depth is read', () => {
  const depth = 200_000
  const nested = `${'{"file_ids":["f",'.repeat(depth)}1${']}'.repeat(depth)}`
  expect(read(nested).ids).toEqual(['file_ids: f'])
})
