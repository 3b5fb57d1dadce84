import { expect, test } from 'vitest'
import { isDay } from '../../logdb/days.ts'

test('only days of the calendar are days', () => {
  expect(['2024-02-29', '2025-02-29', '2025-9-1', '2025-09-01x'].map(isDay)).toEqual([true, false, false, false])
})
