import { MS_PER_DAY } from '../time.ts'

/** What a clock on a wall shows; `month` and `day` from 1. */
export interface Wall {
  year: number
  month: number
  day: number
  hour: number
  minute: number
}

/** The IANA name of a zone: `local` is the one of this machine. Undefined if there is no such zone. */
export function timeZoneNamed(name: string): string | undefined {
  try {
    const timeZone = name.toLowerCase() === 'local' ? undefined : name
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(timeZone, format)
  return format
}

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
export function zoneOffsetMs(timeMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const wholeS = Math.floor(timeMs / 1000) * 1000
  const parts = Object.fromEntries(
    formatFor(timeZone)
      .formatToParts(wholeS)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeS
}

/** What clocks of a zone show at a moment. */
export function wallOf(timeMs: number, timeZone: string): Wall {
  const shown = new Date(timeMs + zoneOffsetMs(timeMs, timeZone))
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
  }
}

/** The first moment, in milliseconds since 1970, at which clocks of a zone show this; where they skip it, the one after the gap. */
export function timeOfWall(wall: Wall, timeZone: string): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  const [before, after] = [asUtc - MS_PER_DAY, asUtc + MS_PER_DAY].map(
    (nearMs) => asUtc - zoneOffsetMs(nearMs, timeZone),
  )
  const isShown = (timeMs = asUtc) => timeMs + zoneOffsetMs(timeMs, timeZone) === asUtc
  return (!isShown(before) && isShown(after) ? after : before) ?? asUtc
}
