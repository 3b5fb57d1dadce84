import { statSync } from 'node:fs'
import { basename, relative, sep } from 'node:path'
import { isoDay } from '../../../kit/time.ts'
import { type DayRange, isDay, LAST_DAY } from '../../days.ts'
import { findLogFiles } from '../../sources/find.ts'
import { LOGS } from '../format/manifest.ts'

export interface RawLog {
  path: string
  /** Path in the bundle. */
  member: string
  /** A log that is written to grows; what is there now is bundled. */
  sizeBytes: number
}

const DAY_IN_NAME = /^requests-(\d{4}-\d\d-\d\d)(?!\d)/

/**
 * Logs of these days, by path: the day is that in the name of a log of ours, else the UTC day of its last change.
 * @throws UserError LOGS_MISSING
 */
export function rawLogsWithin(folder: string, { since = '', to = LAST_DAY }: DayRange): RawLog[] {
  return findLogFiles(folder).files.flatMap(({ path }) => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return []
    const [, named = ''] = DAY_IN_NAME.exec(basename(path)) ?? []
    const day = isDay(named) ? named : isoDay(stat.mtimeMs)
    const member = LOGS + relative(folder, path).split(sep).join('/')
    return since <= day && day <= to ? [{ path, member, sizeBytes: stat.size }] : []
  })
}
