import { expect, test } from 'vitest'
import { isDay, parseTimestamp } from '../../../logdb/record/timestamp.ts'

test.each([
  ['2025-09-10T08:42:42.753538Z', 1757493762753538, '2025-09-10'],
  ['2025-09-10T08:42:42Z', 1757493762000000, '2025-09-10'],
  ['2025-09-10 08:42:42', 1757493762000000, '2025-09-10'],
  ['2025-09-11T01:30:00+02:00', 1757547000000000, '2025-09-10'],
  ['2025-09-10T20:30:00-0330', 1757548800000000, '2025-09-11'],
  ['2025-09-10T08:42:42.1', 1757493762100000, '2025-09-10'],
  ['2025-09-10T08:42:42.1234569Z', 1757493762123456, '2025-09-10'],
  ['2025-09-10', 1757462400000000, '2025-09-10'],
])('%s', (text, epochUs, day) => {
  expect(parseTimestamp(text)).toEqual({ epochUs, epochS: Math.floor(epochUs / 1_000_000), day })
})

test.each([
  '',
  'now',
  '2025-13-01',
  '2025-02-29T00:00:00Z',
  '2025-09-10T24:00:00Z',
  '1969-12-31T23:59:59Z',
  '2025-09-10T08:42:42 Z',
])('%j is no time', (text) => {
  expect(parseTimestamp(text)).toBeUndefined()
})

test('a day is one of the calendar', () => {
  expect(['2024-02-29', '2025-02-29', '2025-9-1', '2025-09-01x'].map(isDay)).toEqual([true, false, false, false])
})
