import { expect, test } from 'vitest'
import { parseMoment } from '../../../kit/settings/moment.ts'

const NOW = Date.parse('2025-09-15T14:25:36.789Z')
const iso = (timeS: number) => new Date(timeS * 1000).toISOString().replace('.000Z', 'Z')

function shown(text: string, timeZone = 'UTC', nowMs = NOW): string | undefined {
  const moment = parseMoment(text, { nowMs, timeZone })
  if (!moment) return undefined
  return moment.startS === moment.endS ? iso(moment.startS) : `${iso(moment.startS)} ${iso(moment.endS)}`
}

const WHOLE_DAY = '2025-09-15T00:00:00Z 2025-09-15T23:59:59Z'

test.each([
  ['now', '2025-09-15T14:25:36Z'],
  ['today', WHOLE_DAY],
  [' Yesterday ', '2025-09-14T00:00:00Z 2025-09-14T23:59:59Z'],
  ['7d', '2025-09-08T14:25:36Z'],
  ['2 h', '2025-09-15T12:25:36Z'],
  ['90s', '2025-09-15T14:24:06Z'],
  ['2w', '2025-09-01T14:25:36Z'],
  ['2025-09-15', WHOLE_DAY],
  ['2025-9-15', WHOLE_DAY],
  ['9:05', '2025-09-15T09:05:00Z'],
  ['2025-09-10T10:30', '2025-09-10T10:30:00Z'],
  ['2025-09-10 10:30:15', '2025-09-10T10:30:15Z'],
  ['2025-09-10T10:30:15.999Z', '2025-09-10T10:30:15Z'],
  ['2025-09-10T10:30:15+02:00', '2025-09-10T08:30:15Z'],
  ['2025-09-10T10:30:15-0530', '2025-09-10T16:00:15Z'],
])('%j is %s', (text, expected) => {
  expect(shown(text)).toBe(expected)
})

test.each([
  ['today', 'Europe/Oslo', '2025-09-14T22:00:00Z 2025-09-15T21:59:59Z'],
  ['2025-03-30', 'Europe/Oslo', '2025-03-29T23:00:00Z 2025-03-30T21:59:59Z'],
  ['2025-10-26', 'Europe/Oslo', '2025-10-25T22:00:00Z 2025-10-26T22:59:59Z'],
  ['2025-09-10T10:30', 'Asia/Kolkata', '2025-09-10T05:00:00Z'],
  ['2025-09-10T10:30Z', 'Asia/Kolkata', '2025-09-10T10:30:00Z'],
  ['20:00', 'America/New_York', '2025-09-16T00:00:00Z'],
  ['2h', 'America/New_York', '2025-09-15T12:25:36Z'],
])('%j in %s is %s', (text, timeZone, expected) => {
  expect(shown(text, timeZone)).toBe(expected)
})

test('a time that clocks skip is the one after, and one that they show twice is the first', () => {
  expect(shown('2025-03-30T02:30', 'Europe/Oslo')).toBe('2025-03-30T01:30:00Z')
  expect(shown('2025-10-26T02:30', 'Europe/Oslo')).toBe('2025-10-26T00:30:00Z')
  // There the clocks are put forward at midnight, so this day begins at 1:00.
  expect(shown('2024-10-06', 'America/Asuncion')).toBe('2024-10-06T04:00:00Z 2024-10-07T02:59:59Z')
})

test('yesterday is the day before, also around a change of the clocks', () => {
  const monday = Date.parse('2025-03-31T00:30:00+02:00')
  expect(shown('yesterday', 'Europe/Oslo', monday)).toBe('2025-03-29T23:00:00Z 2025-03-30T21:59:59Z')
})

test.each([
  '',
  'tomorrow',
  '7',
  '-1d',
  '2025-02-30',
  '2025-13-01',
  '2025-09-10T24:00',
  '2025-09-10T10',
  '10:60',
  '1.5h',
  'yesteday',
])('%j is not a time', (text) => {
  expect(shown(text)).toBeUndefined()
})
