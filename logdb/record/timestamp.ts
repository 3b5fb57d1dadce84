import { isDate } from '../../kit/time.ts'
import { isDay } from '../days.ts'

const MS_PER_SECOND = 1000
const MICROSECONDS_PER_MS = 1000
const MICROSECONDS_PER_MINUTE = 60_000_000
const MICROSECONDS_PER_SECOND = 1_000_000
const MICROSECOND_DIGITS = 6
const YEAR_10000_US = Date.UTC(10_000, 0, 1) * MICROSECONDS_PER_MS
const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`
const TIME = String.raw`(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?`
const ZONE = String.raw`(Z|[-+]\d\d(?::?\d\d)?)?`
const TIMESTAMP = new RegExp(`^${DATE}(?:[T ]${TIME}${ZONE})?$`)

export interface Instant {
  /** Microseconds since 1970. */
  epochUs: number
  /** Whole seconds since 1970. */
  epochS: number
  /** UTC date, YYYY-MM-DD. */
  day: string
}

/** The form in our logs and the predecessor's. */
const UTC = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?Z$/
/** The day that was read last. */
let known = { day: '1970-01-01', epochS: 0 }

/** Parses an ISO 8601 time; without a zone it is UTC. Undefined for any other text, and for years before 1970 or after 9999. */
export function parseTimestamp(text: string): Instant | undefined {
  const [, day, hour, minute, second, fraction = ''] = UTC.exec(text) ?? []
  if (day === undefined || !knowsDay(day)) return parseAny(text)
  const epochS = known.epochS + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const epochUs = epochS * MICROSECONDS_PER_SECOND + Number(fraction.padEnd(MICROSECOND_DIGITS, '0'))
  return { epochUs, epochS, day }
}

function knowsDay(day: string): boolean {
  if (day === known.day) return true
  if (!isDay(day) || day < '1970') return false
  known = { day, epochS: Date.parse(`${day}T00:00:00Z`) / MS_PER_SECOND }
  return true
}

function parseAny(text: string): Instant | undefined {
  const match = TIMESTAMP.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as SixNumbers
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined
  const fraction = (match[7] ?? '').slice(0, MICROSECOND_DIGITS).padEnd(MICROSECOND_DIGITS, '0')
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second)
  const epochUs = localMs * MICROSECONDS_PER_MS + Number(fraction) - zoneUs(match[8])
  if (epochUs < 0 || epochUs >= YEAR_10000_US) return undefined
  const iso = new Date(Math.floor(epochUs / MICROSECONDS_PER_MS)).toISOString()
  return { epochUs, epochS: Math.floor(epochUs / MICROSECONDS_PER_SECOND), day: iso.slice(0, 10) }
}

type SixNumbers = [number, number, number, number, number, number]

function zoneUs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (zone[0] === '-' ? -minutes : minutes) * MICROSECONDS_PER_MINUTE
}
