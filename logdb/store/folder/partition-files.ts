import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isoDay, MS_PER_DAY } from '../../../kit/time.ts'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { type DayRange, type Granularity, LAST_DAY } from '../../days.ts'

/**
 * A partition file and the days that it may hold.
 * @example
 * const [latest]: PartitionFile[] = findPartitions('logs/db', {})
 */
export interface PartitionFile {
  path: string
  /** UTC day, YYYY-MM-DD. */
  firstDay: string
  /** UTC day, YYYY-MM-DD, included. */
  lastDay: string
}

const DAYS_PER_WEEK = 7
const DAILY = /^ai_proxy_(\d{4})(\d\d)(\d\d)\.sqlite3$/
const WEEKLY = /^ai_proxy_(\d{4})W(\d\d)\.sqlite3$/

/**
 * The path that the partition of a day has, whether it exists or not: below `base`, `YYYY/MM/ai_proxy_YYYYMMDD.sqlite3`
 * or `YYYY/WNN/ai_proxy_YYYYWNN.sqlite3`.
 * @param base folder of the log database
 * @param day UTC day, YYYY-MM-DD
 * @example
 * console.log(partitionPath('logs/db', '2025-09-15', 'daily')) // logs/db/2025/09/ai_proxy_20250915.sqlite3
 */
export function partitionPath(base: string, day: string, granularity: Granularity): string {
  if (granularity === 'weekly') {
    const { year, week } = isoWeek(day)
    return join(base, year, `W${week}`, `ai_proxy_${year}W${week}.sqlite3`)
  }
  return join(base, day.slice(0, 4), day.slice(5, 7), `ai_proxy_${day.replaceAll('-', '')}.sqlite3`)
}

/**
 * The partition for the requests of a day: the one that already exists, whatever the granularity was then, so that
 * reading a log again finds its rows there; else a new one of this granularity.
 */
export function partitionFor(base: string, day: string, granularity: Granularity): string {
  const paths = (['daily', 'weekly'] as const).map((other) => partitionPath(base, day, other))
  return paths.find((path) => existsSync(path)) ?? partitionPath(base, day, granularity)
}

/**
 * Finds every daily and weekly partition that may hold a day of the range, the latest first.
 * @param base folder of the log database
 * @example
 * for (const { path, firstDay, lastDay } of findPartitions('logs/db', { since: '2025-09-01' })) {
 *   console.log(path, firstDay, lastDay)
 * }
 */
export function findPartitions(base: string, { since = '', to = LAST_DAY }: DayRange): PartitionFile[] {
  const found: PartitionFile[] = []
  for (const path of listFiles(base)) {
    const days = daysOf(basename(path))
    if (days && days.firstDay <= to && days.lastDay >= since) found.push({ path, ...days })
  }
  return found.sort((a, b) => (a.lastDay < b.lastDay || (a.lastDay === b.lastDay && a.path < b.path) ? 1 : -1))
}

/** The days, YYYY-MM-DD, that a partition may hold. */
export function daysOfPartition({ firstDay, lastDay }: PartitionFile): string[] {
  const count = (Date.parse(lastDay) - Date.parse(firstDay)) / MS_PER_DAY + 1
  return Array.from({ length: count }, (_, day) => isoDay(Date.parse(firstDay) + day * MS_PER_DAY))
}

/** Paths of every file below a folder; none if the folder does not exist. */
export function listFiles(base: string): string[] {
  try {
    const entries = readdirSync(base, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  }
}

function daysOf(name: string): { firstDay: string; lastDay: string } | undefined {
  const daily = DAILY.exec(name)
  if (daily) {
    const day = `${daily[1]}-${daily[2]}-${daily[3]}`
    return { firstDay: day, lastDay: day }
  }
  const weekly = WEEKLY.exec(name)
  if (!weekly) return undefined
  const monday = mondayOf(Number(weekly[1]), Number(weekly[2]))
  return { firstDay: isoDay(monday), lastDay: isoDay(monday + (DAYS_PER_WEEK - 1) * MS_PER_DAY) }
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(day: string): { year: string; week: string } {
  const time = Date.parse(`${day}T00:00:00Z`)
  const thursday = new Date(time + (4 - isoWeekday(time)) * MS_PER_DAY)
  const year = thursday.getUTCFullYear()
  const days = (thursday.getTime() - Date.UTC(year, 0, 1)) / MS_PER_DAY
  const week = Math.floor(days / DAYS_PER_WEEK) + 1
  return { year: String(year), week: String(week).padStart(2, '0') }
}

/** The 4th of January is always in week 1. */
function mondayOf(year: number, week: number): number {
  const fourth = Date.UTC(year, 0, 4)
  return fourth + (1 - isoWeekday(fourth) + (week - 1) * DAYS_PER_WEEK) * MS_PER_DAY
}

/** 1 for Monday to 7 for Sunday. */
function isoWeekday(timeMs: number): number {
  return ((new Date(timeMs).getUTCDay() + 6) % DAYS_PER_WEEK) + 1
}
