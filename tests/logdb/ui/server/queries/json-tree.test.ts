import { expect, test } from 'vitest'
import { jsonTree } from '../../../../../logdb/ui/server/queries/json-tree.ts'

test('a small document is whole', () => {
  expect(jsonTree({ a: [1, null], 'b/~': 'x' }, {})).toEqual({
    at: '',
    kind: 'object',
    length: 2,
    members: [
      {
        name: 'a',
        at: '/a',
        kind: 'list',
        length: 2,
        members: [
          { name: '0', at: '/a/0', kind: 'number', length: 0, text: '1' },
          { name: '1', at: '/a/1', kind: 'null', length: 0, text: 'null' },
        ],
      },
      { name: 'b/~', at: '/b~1~0', kind: 'string', length: 1, text: 'x' },
    ],
  })
})

test('of 10 MB only a page is made, whose places lead to the rest', () => {
  const messages = Array.from({ length: 10_000 }, (_, index) => ({ n: index, text: 'x'.repeat(1500) }))
  const document = { messages }
  const first = jsonTree(document, {})
  expect(JSON.stringify(first).length).toBeLessThan(500_000)
  const [list] = first?.members ?? []
  expect(list).toMatchObject({ at: '/messages', length: 10_000, nextFrom: 200 })
  expect(list?.members?.at(-1)).toEqual({ name: '199', at: '/messages/199', kind: 'object', length: 2 })
  const next = jsonTree(document, { at: '/messages', from: 9900 })
  expect([next?.members?.[0]?.name, next?.members?.length, next?.nextFrom]).toEqual(['9900', 100, undefined])
  const text = { kind: 'string', length: 1500 }
  expect(jsonTree(document, { at: '/messages/5' })?.members?.[1]).toMatchObject({ ...text, text: 'x'.repeat(1000) })
  expect(jsonTree(document, { at: '/messages/5/text' })).toMatchObject({ ...text, text: 'x'.repeat(1500) })
})

test('a place that does not exist has no tree', () => {
  for (const at of ['/b', '/a/b', '/constructor', '/a/length', '/a/9'])
    expect(jsonTree({ a: [1] }, { at })).toBeUndefined()
})
