import { isDate, isoDay, MS_PER_DAY, nowS } from '../kit/time.ts'

/**
 * One partition for each UTC day or for each ISO week.
 * @example
 * const granularity: Granularity = 'weekly'
 */
export type Granularity = 'daily' | 'weekly'

/**
 * A range of UTC days.
 * @example
 * const september: DayRange = { since: '2025-09-01', to: '2025-09-30' }
 */
export interface DayRange {
  /** First day, YYYY-MM-DD; no limit if absent. */
  since?: string | undefined
  /** Last day, included, YYYY-MM-DD; no limit if absent. */
  to?: string | undefined
}

/**
 * A range of times.
 * @example
 * const morning: Period = { since: '2025-09-15T06:00:00Z', to: '2025-09-15T11:59:59Z' }
 */
export interface Period {
  /** First day, YYYY-MM-DD, or first second, YYYY-MM-DDTHH:MM:SSZ, in UTC; no limit if absent. */
  since?: string | undefined
  /** Last day, YYYY-MM-DD, or last second, YYYY-MM-DDTHH:MM:SSZ, in UTC, included; no limit if absent. */
  to?: string | undefined
}

/** Times in seconds since 1970, both included. */
export interface TimeRange {
  sinceS: number
  toS: number
}

/** The last day that can be written as YYYY-MM-DD. */
export const LAST_DAY = '9999-12-31'

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/

/** True for YYYY-MM-DD of the calendar. */
export function isDay(text: string): boolean {
  const match = DAY.exec(text)
  return match !== null && isDate(Number(match[1]), Number(match[2]), Number(match[3]))
}

/** The first second of a UTC day, or a UTC time itself, in seconds since 1970. */
export function firstSecondOf(dayOrTime: string): number {
  return Date.parse(isDay(dayOrTime) ? `${dayOrTime}T00:00:00Z` : dayOrTime) / 1000
}

/** The last second of a UTC day, or a UTC time itself, in seconds since 1970. */
export function lastSecondOf(dayOrTime: string): number {
  return Date.parse(isDay(dayOrTime) ? `${dayOrTime}T23:59:59Z` : dayOrTime) / 1000
}

/** The times of a partition's days that are in a range; undefined if all of them are. */
export function timesWithin(
  { firstDay, lastDay }: { firstDay: string; lastDay: string },
  { since = firstDay, to = lastDay }: Period,
): TimeRange | undefined {
  const times = { sinceS: firstSecondOf(since), toS: lastSecondOf(to) }
  return times.sinceS <= firstSecondOf(firstDay) && times.toS >= lastSecondOf(lastDay) ? undefined : times
}

/** The last UTC day that ended at least this many days ago. */
export function lastDayOver(graceDays: number): string {
  return isoDay(Date.now() - (1 + graceDays) * MS_PER_DAY)
}

/** Whole seconds since 1970. */
export function nowWholeS(): number {
  return Math.floor(nowS())
}
