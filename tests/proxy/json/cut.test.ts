import { expect, test } from 'vitest'
import { isCutJson } from '../../../proxy/json/cut.ts'

test('every beginning of an object or a list is cut, and the whole is not', () => {
  for (const json of ['{"city":"Os\\"lo","n":[1,{"x":null}],"y":"\\\\"}', '[["a"],"b"]']) {
    for (let at = 1; at < json.length; at++)
      expect([json.slice(0, at), isCutJson(json.slice(0, at))]).toEqual([json.slice(0, at), true])
    expect(isCutJson(json)).toBe(false)
  }
})

test.for(['', ' ', 'text', "{'a':1}", '{"a":1}}', '{"a":1} and more', '{a:1}', '[1,]'])('%j is not cut', (text) => {
  expect(isCutJson(text)).toBe(false)
})
