import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { isoDay, MS_PER_DAY } from '../../../kit/time.ts'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { type Granularity, LAST_DAY, type Period } from '../../days.ts'
import { replacedPartitions } from './replaced-partitions.ts'

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

const DAY_LENGTH = 'YYYY-MM-DD'.length
const DAYS_PER_WEEK = 7
const MONTHS_PER_YEAR = 12
const DAILY = /^ai_proxy_(\d{4})(\d\d)(\d\d)\.sqlite3$/
const WEEKLY = /^ai_proxy_(\d{4})W(\d\d)\.sqlite3$/
const MONTHLY = /^ai_proxy_(\d{4})(\d\d)\.sqlite3$/
/** Names that users of the predecessor give to what they merge. */
const MERGED_WEEK = /^(\d{4})-W(\d\d)\.sqlite3$/
const MERGED_MONTH = /^(\d{4})-(\d\d)\.sqlite3$/
/** Of a file of SQLite: where it says which program made it, and what it says in our partitions. */
const PROGRAM_OFFSET = 68
export const PARTITION_APPLICATION_ID = 0x4c474442

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

/** Where the partitions of a month are merged into one: below `base`, `YYYY/MNN/ai_proxy_YYYYMM.sqlite3`. */
export function monthPath(base: string, day: string): string {
  const [year = '', month = ''] = day.split('-')
  return join(base, year, `M${month}`, `ai_proxy_${year}${month}.sqlite3`)
}

/**
 * The partition for the requests of a day: the one that already exists, whatever the granularity was then, so that
 * reading a log again finds its rows there; else a new one of this granularity.
 */
export function partitionFor(base: string, day: string, granularity: Granularity): string {
  const replaced = replacedPartitions(base)
  const paths = (['daily', 'weekly'] as const).map((other) => partitionPath(base, day, other))
  const present = [...paths, ...mergedPaths(base, day)].find((path) => {
    return existsSync(path) && !replaced.has(path) && (paths.includes(path) || !isForeign(path))
  })
  return present ?? partitionPath(base, day, granularity)
}

/** Other paths that a partition with the requests of a day may have. */
function mergedPaths(base: string, day: string): string[] {
  const { year, week } = isoWeek(day)
  const ofMonth = [monthPath(base, day), join(base, 'monthly', `${day.slice(0, 7)}.sqlite3`)]
  return [join(base, 'weekly', `${year}-W${week}.sqlite3`), ...ofMonth]
}

/** True for a file of the predecessor, which gave the same names to what it merged. */
function isForeign(path: string): boolean {
  try {
    return applicationIdOf(path) !== PARTITION_APPLICATION_ID
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false
    throw error
  }
}

function applicationIdOf(path: string): number {
  const file = openSync(path, 'r')
  try {
    const id = Buffer.alloc(4)
    readSync(file, id, 0, id.length, PROGRAM_OFFSET)
    return id.readUInt32BE()
  } finally {
    closeSync(file)
  }
}

/**
 * Finds every partition of a day, a week or a month that may hold a time of the range, the latest first. Partitions whose rows
 * are all in another one, because they were merged into it, are left out.
 * @param base folder of the log database
 * @example
 * for (const { path, firstDay, lastDay } of findPartitions('logs/db', { since: '2025-09-01' })) {
 *   console.log(path, firstDay, lastDay)
 * }
 */
export function findPartitions(base: string, period: Period): PartitionFile[] {
  const replaced = replacedPartitions(base)
  return findAllPartitions(base, period).filter(({ path }) => !replaced.has(path))
}

/** The same with those that were merged into another one: for what must reach every file, as erasure. */
export function findAllPartitions(base: string, { since = '', to = LAST_DAY }: Period): PartitionFile[] {
  const [from, until] = [since, to].map((dayOrTime) => dayOrTime.slice(0, DAY_LENGTH)) as [string, string]
  const found: PartitionFile[] = []
  for (const path of listFiles(base)) {
    const file = partitionFile(path)
    if (file && file.firstDay <= until && file.lastDay >= from) found.push(file)
  }
  return found.sort((a, b) => (a.lastDay < b.lastDay || (a.lastDay === b.lastDay && a.path < b.path) ? 1 : -1))
}

/** A file that has the name of a partition, which says its days; undefined for others, and for a merged file of the predecessor. */
export function partitionFile(path: string): PartitionFile | undefined {
  const name = basename(path)
  const days = daysOf(name)
  if (!days) return undefined
  const isMerged = !DAILY.test(name) && !WEEKLY.test(name)
  return isMerged && isForeign(path) ? undefined : { path, ...days }
}

/** The days, YYYY-MM-DD, that a partition may hold. */
export function daysOfPartition({ firstDay, lastDay }: PartitionFile): string[] {
  const count = (Date.parse(lastDay) - Date.parse(firstDay)) / MS_PER_DAY + 1
  return Array.from({ length: count }, (_, day) => isoDay(Date.parse(firstDay) + day * MS_PER_DAY))
}

/** Changes when something is written to a partition or to its WAL. */
export function partitionState(path: string): string {
  const states = [path, `${path}-wal`].map((name) => {
    const stats = statSync(name, { throwIfNoEntry: false })
    return `${stats?.ino} ${stats?.size} ${stats?.mtimeMs}`
  })
  return states.join(' ')
}

/** Folder, in that of a log database, for files that are not complete yet and that nobody else may see. */
export const STAGING = '.import'

/** Paths of every file below a folder, without those that are being imported; none if the folder does not exist. */
export function listFiles(base: string): string[] {
  try {
    const entries = readdirSync(base, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    return paths.filter((path) => !path.startsWith(join(base, STAGING) + sep))
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  }
}

/** The days, YYYY-MM-DD, that the name of a partition says; undefined if it is not one. */
export function daysNamed(path: string): { firstDay: string; lastDay: string } | undefined {
  return daysOf(basename(path))
}

function daysOf(name: string): { firstDay: string; lastDay: string } | undefined {
  const daily = DAILY.exec(name)
  if (daily) {
    const day = `${daily[1]}-${daily[2]}-${daily[3]}`
    return { firstDay: day, lastDay: day }
  }
  const weekly = WEEKLY.exec(name) ?? MERGED_WEEK.exec(name)
  if (weekly) {
    const monday = mondayOf(Number(weekly[1]), Number(weekly[2]))
    return { firstDay: isoDay(monday), lastDay: isoDay(monday + (DAYS_PER_WEEK - 1) * MS_PER_DAY) }
  }
  const monthly = MONTHLY.exec(name) ?? MERGED_MONTH.exec(name)
  return monthly ? daysOfMonth(Number(monthly[1]), Number(monthly[2])) : undefined
}

/** Undefined for a number that is not that of a month. */
function daysOfMonth(year: number, month: number): { firstDay: string; lastDay: string } | undefined {
  if (month < 1 || month > MONTHS_PER_YEAR) return undefined
  return { firstDay: isoDay(Date.UTC(year, month - 1, 1)), lastDay: isoDay(Date.UTC(year, month, 1) - MS_PER_DAY) }
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
