import { expect, test } from 'vitest'
import { counted } from '../../logdb/counted.ts'

test('one thing is counted in the singular', () => {
  expect([0, 1, 2].map((count) => counted(count, 'damaged partitions'))).toEqual([
    '0 damaged partitions',
    '1 damaged partition',
    '2 damaged partitions',
  ])
  expect(counted(1, 'messages in requests')).toBe('1 message in requests')
  expect(counted(1, 'partitions are gone', 'partition is gone')).toBe('1 partition is gone')
})
