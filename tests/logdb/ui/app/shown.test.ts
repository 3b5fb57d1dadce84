import { expect, test } from 'vitest'
import { counted, sentence } from '../../../../logdb/ui/app/shown.ts'

test('one of a thing is named without an s', () => {
  expect([0, 1, 2, 1234].map((count) => counted(count, 'request'))).toEqual([
    '0 requests',
    '1 request',
    '2 requests',
    '1 234 requests',
  ])
})

test('what an error says begins with a capital letter and ends with a full stop', () => {
  expect(['invalid time: x', "'to' is before 'since'"].map(sentence)).toEqual([
    'Invalid time: x.',
    "'to' is before 'since'.",
  ])
})
