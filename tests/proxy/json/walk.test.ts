import { expect, test } from 'vitest'
import { endOfValue } from '../../../proxy/json/scan.ts'
import { walkElements, walkMembers } from '../../../proxy/json/walk.ts'

/** What is at the places that `walk` gives to its reader, and what follows the walked value. */
function walked(text: string, walk: (json: Buffer, read: (start: number) => number) => number | undefined) {
  const json = Buffer.from(text)
  const found: string[] = []
  const end = walk(json, (start) => {
    const valueEnd = endOfValue(json, start)
    found.push(json.toString('utf8', start, valueEnd))
    return valueEnd
  })
  return { found, rest: end === undefined ? undefined : json.toString('utf8', end) }
}

test.for([
  ['[]', []],
  ['[ ]', []],
  ['[1]', ['1']],
  ['[ 1 , "a,]" ,\n[2,[3]] , {"b":[4]} ]', ['1', '"a,]"', '[2,[3]]', '{"b":[4]}']],
  ['"text"', []],
  ['{"a":1}', []],
] as const)('the elements of %s', ([text, elements]) => {
  expect(walked(`${text} rest`, (json, read) => walkElements(json, 0, read))).toEqual({
    found: elements,
    rest: ' rest',
  })
})

test('a reader that returns undefined ends the walk', () => {
  const json = Buffer.from('[1,2,3]')
  const starts: number[] = []
  const end = walkElements(json, 0, (start) => {
    starts.push(start)
    return start === 3 ? undefined : start + 1
  })
  expect([starts, end]).toEqual([[1, 3], undefined])
})

test.for([
  ['{}', []],
  ['{ }', []],
  ['{"a":1}', ['1']],
  ['{ "b" : {"a":2} , "a" : [3] ,"\\u0061":4, "c":"a" }', ['[3]', '4']],
  ['null', []],
  ['["a"]', []],
] as const)('the members "a" of %s', ([text, values]) => {
  const found = walked(`${text} rest`, (json, read) => walkMembers(json, 0, ['a'], (_, start) => read(start)))
  expect(found).toEqual({ found: values, rest: ' rest' })
})
