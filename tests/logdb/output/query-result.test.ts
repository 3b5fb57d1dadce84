import { expect, test } from 'vitest'
import { toDocuments } from '../../../logdb/output/query-result.ts'

test('of columns with one name each value is in the document, under a name that no other column has', () => {
  const columns = ['a', 'a', 'b', 'a:2', 'a', '']
  expect([...toDocuments({ columns, rows: [[1, 2, 3, 4, 5, null]] })]).toEqual([
    { a: 1, 'a:3': 2, b: 3, 'a:2': 4, 'a:4': 5, '': null },
  ])
})
