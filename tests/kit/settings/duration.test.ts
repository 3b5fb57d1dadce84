import { expect, test } from 'vitest'
import { parseDuration } from '../../../kit/settings/duration.ts'

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['30', 30_000],
  ['5 m', 300_000],
  ['2H', 7_200_000],
  ['7d', 604_800_000],
  ['4w', 2_419_200_000],
  [' 0 ', 0],
])('%j is %d milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', 's', '1y', '-1s', '1.5h', '1s2m', '12345678901'])('%j is not a duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})
