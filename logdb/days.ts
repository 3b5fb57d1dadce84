import { nowS } from '../kit/time.ts'

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

/** @param month from 1 */
export function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

/** Seconds since 1970. */
export function firstSecondOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000
}

/** Seconds since 1970. */
export function lastSecondOf(day: string): number {
  return Date.parse(`${day}T23:59:59Z`) / 1000
}

/** The times of a partition's days that are in a range; undefined if all of them are. */
export function timesWithin(
  { firstDay, lastDay }: { firstDay: string; lastDay: string },
  { since = firstDay, to = lastDay }: DayRange,
): TimeRange | undefined {
  if (since <= firstDay && to >= lastDay) return undefined
  return { sinceS: firstSecondOf(since), toS: lastSecondOf(to) }
}

/** Whole seconds since 1970. */
export function nowWholeS(): number {
  return Math.floor(nowS())
}
