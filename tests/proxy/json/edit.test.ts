import { expect, test } from 'vitest'
import { applyEdits, insertMember } from '../../../proxy/json/edit.ts'

test('edits replace and insert in any order, and all other bytes stay', () => {
  const json = Buffer.from('{"a":1, "é":[2]}')
  const at = (text: string) => json.indexOf(text)
  const edits = [
    { start: at('2'), end: at('2') + 1, text: '"ü"' },
    { start: at('1'), end: at('1') + 1, text: '10' },
    { start: at(']'), end: at(']'), text: ',3' },
  ]
  expect(applyEdits(json, edits).toString()).toBe('{"a":10, "é":["ü",3]}')
  expect(applyEdits(json, [])).toBe(json)
})

test('a member goes before the others, with a comma if there are any', () => {
  const added = (text: string) => {
    const json = Buffer.from(text)
    return applyEdits(json, [insertMember(json, json.indexOf('{'), '"new":0')]).toString()
  }
  expect(added('{"a":1}')).toBe('{"new":0,"a":1}')
  expect(added(' { }')).toBe(' {"new":0 }')
  expect(added('{\n\t"a":1}')).toBe('{"new":0,\n\t"a":1}')
})
