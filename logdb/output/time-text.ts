import { zoneOffsetMs } from '../../kit/settings/time-zone.ts'

const MS_PER_MINUTE = 60_000
const MINUTES_PER_HOUR = 60

/** A time in seconds since 1970 as clocks of a zone show it: `2025-09-01T10:00:00Z`, `2025-09-01T12:00:00+02:00`. */
export function timeText(timeS: number, timeZone = 'UTC'): string {
  const timeMs = timeS * 1000
  const offsetMs = zoneOffsetMs(timeMs, timeZone)
  const shown = new Date(timeMs + offsetMs).toISOString().replace(/\.\d+Z$/, '')
  return shown + (timeZone === 'UTC' ? 'Z' : offsetText(offsetMs / MS_PER_MINUTE))
}

function offsetText(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / MINUTES_PER_HOUR), Math.abs(minutes) % MINUTES_PER_HOUR]
  return `${minutes < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(rest)}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
