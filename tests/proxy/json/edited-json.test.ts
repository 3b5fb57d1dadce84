import { expect, test } from 'vitest'
import { EditedJson } from '../../../proxy/json/edited-json.ts'

test('a small text is sent as one, a large one in pieces that are parts of it', () => {
  const edits = [{ start: 1, end: 1, text: '"a":1,' }]
  const small = new EditedJson(Buffer.from('{"b":2}'), []).with(edits)
  expect([small.bytes, small.toSend].map(String)).toEqual(['{"a":1,"b":2}', '{"a":1,"b":2}'])
  const original = Buffer.from(`{"b":"${'x'.repeat(600_000)}"}`)
  const pieces = new EditedJson(original, edits).toSend as Buffer[]
  expect(pieces.map(({ length }) => length)).toEqual([1, 6, original.length - 1])
  expect(pieces[2]?.buffer).toBe(original.buffer)
  expect(Buffer.concat(pieces).equals(new EditedJson(original, edits).bytes)).toBe(true)
})

test('a text without edits is sent as it is', () => {
  const original = Buffer.alloc(600_000, ' ')
  expect(new EditedJson(original, []).with([]).toSend).toBe(original)
})
