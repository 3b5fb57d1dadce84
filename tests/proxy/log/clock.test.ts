import { expect, onTestFinished, test, vi } from 'vitest'
import { uniqueTimestamp } from '../../../proxy/log/clock.ts'

test('timestamps grow with every call and show the current time', () => {
  const stamps = Array.from({ length: 20_000 }, uniqueTimestamp)
  for (const [index, stamp] of stamps.entries()) if (index > 0) expect(stamp > (stamps[index - 1] ?? '')).toBe(true)
  expect(Math.abs(Date.parse(uniqueTimestamp()) - Date.now())).toBeLessThan(50)
  expect(new Set(stamps.map((stamp) => stamp.slice(-4))).size).toBeGreaterThan(100)
})

test('timestamps grow even if the clock is set back, and follow it if it is set forward', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const before = uniqueTimestamp()
  vi.setSystemTime(Date.now() - 3_600_000)
  const [second, third] = [uniqueTimestamp(), uniqueTimestamp()]
  expect(second > before && third > second).toBe(true)
  vi.setSystemTime(Date.now() + 2 * 3_600_000)
  expect(Math.abs(Date.parse(uniqueTimestamp()) - Date.now())).toBeLessThan(50)
})
