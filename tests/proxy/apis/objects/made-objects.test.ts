import { expect, test } from 'vitest'
import { madeObjects } from '../../../../proxy/apis/objects/made-objects.ts'

const ANSWER = { id: 'batch_1', object: 'batch', output_file_id: 'file-1', error_file_id: null, more: 'x'.repeat(50) }

test('an answer makes the object that it is about, and its results', () => {
  expect(madeObjects(Buffer.from(JSON.stringify(ANSWER)))).toEqual(['batch_1', 'file-1'])
})

test('of an answer that is too long to be read, the id is found at its beginning', () => {
  expect(madeObjects(Buffer.from(JSON.stringify(ANSWER)).subarray(0, -20))).toEqual(['batch_1'])
})

test.for(['', '[]', 'no JSON', '{"id":"cut', '{"id":7'])('%j makes nothing', (body) => {
  expect(madeObjects(Buffer.from(body))).toEqual([])
})
