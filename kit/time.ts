export const MS_PER_DAY = 86_400_000
export const S_PER_DAY = 86_400

/** The UTC date, YYYY-MM-DD, of a time in milliseconds since 1970. */
export function isoDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** Seconds since 1970, with a fraction. */
export function nowS(): number {
  return Date.now() / 1000
}

/** True for a day of the calendar. @param month from 1 */
export function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
