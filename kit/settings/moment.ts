import { isDate, MS_PER_DAY } from '../time.ts'
import { parseDuration } from './duration.ts'
import { timeOfWall, wallOf } from './time-zone.ts'

/** What a text such as `yesterday` or `2h` stands for: a whole day, or a single second. Seconds since 1970, both included. */
export interface Moment {
  startS: number
  endS: number
}

/** What a text that stands for a time depends on. */
export interface Clock {
  nowMs: number
  /** IANA name, for example Europe/Oslo. */
  timeZone: string
}

const DATE = String.raw`(\d{4})-(\d{1,2})-(\d{1,2})`
const TIME = String.raw`(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?`
const DAY = new RegExp(`^${DATE}$`)
const TIME_OF_DAY = new RegExp(`^${TIME}$`)
const DAY_AND_TIME = new RegExp(`^${DATE}[T ]${TIME}\\s*(Z|[+-]\\d\\d:?\\d\\d)?$`, 'i')
const S_PER_MINUTE = 60
const MINUTES_PER_HOUR = 60

/**
 * What a user means by `now`, `today`, `yesterday`, `7d` or `2h` (this long ago), `2025-09-15`, `10:30` (today),
 * `2025-09-15T10:30`, or the same with `Z` or `+02:00`. Undefined for anything else.
 */
export function parseMoment(typed: string, clock: Clock): Moment | undefined {
  const text = typed.trim().toLowerCase()
  const { nowMs } = clock
  if (text === 'now') return secondOf(nowMs)
  if (text === 'today') return dayAround(nowMs, clock)
  if (text === 'yesterday') return dayBefore(clock)
  const agoMs = /[a-z]$/.test(text) ? parseDuration(text) : undefined
  if (agoMs !== undefined) return secondOf(nowMs - agoMs)
  return dayOf(text, clock) ?? timeToday(text, clock) ?? dayAndTime(text, clock)
}

function secondOf(timeMs: number): Moment {
  const second = Math.floor(timeMs / 1000)
  return { startS: second, endS: second }
}

function dayAround(timeMs: number, { timeZone }: Clock): Moment {
  const { year, month, day } = wallOf(timeMs, timeZone)
  return wholeDay(year, month, day, timeZone)
}

/** The middle of a day minus 24 hours is in the day before, whatever the clocks did in between. */
function dayBefore(clock: Clock): Moment {
  const { startS } = dayAround(clock.nowMs, clock)
  return dayAround(startS * 1000 - MS_PER_DAY / 2, clock)
}

function wholeDay(year: number, month: number, day: number, timeZone: string): Moment {
  const startOf = (dayOfMonth: number) =>
    timeOfWall({ year, month, day: dayOfMonth, hour: 0, minute: 0 }, timeZone) / 1000
  return { startS: startOf(day), endS: startOf(day + 1) - 1 }
}

function dayOf(text: string, { timeZone }: Clock): Moment | undefined {
  const [, ...numbers] = DAY.exec(text) ?? []
  const [year = 0, month = 0, day = 0] = numbers.map(Number)
  return isDate(year, month, day) ? wholeDay(year, month, day, timeZone) : undefined
}

function timeToday(text: string, clock: Clock): Moment | undefined {
  const [, hour, minute, second] = TIME_OF_DAY.exec(text) ?? []
  if (hour === undefined) return undefined
  return atTime(wallOf(clock.nowMs, clock.timeZone), [hour, minute, second], clock.timeZone)
}

function dayAndTime(text: string, { timeZone }: Clock): Moment | undefined {
  const [, year, month, day, hour, minute, second, offset] = DAY_AND_TIME.exec(text) ?? []
  if (!isDate(Number(year), Number(month), Number(day))) return undefined
  const date = { year: Number(year), month: Number(month), day: Number(day) }
  const zone = offset === undefined ? timeZone : 'UTC'
  const moment = atTime(date, [hour, minute, second], zone)
  const offsetS = offsetMinutes(offset) * S_PER_MINUTE
  return moment && { startS: moment.startS - offsetS, endS: moment.endS - offsetS }
}

function atTime(
  { year, month, day }: { year: number; month: number; day: number },
  [hour, minute, second = '0']: (string | undefined)[],
  timeZone: string,
): Moment | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const timeMs = timeOfWall({ year, month, day, hour: Number(hour), minute: Number(minute) }, timeZone)
  return secondOf(timeMs + Number(second) * 1000)
}

/** 120 for `+02:00`. */
function offsetMinutes(offset = 'z'): number {
  if (offset === 'z') return 0
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))]
  return (offset.startsWith('-') ? -1 : 1) * (hours * MINUTES_PER_HOUR + minutes)
}
