import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../../kit/settings/duration.ts'
import { parseMoment } from '../../kit/settings/moment.ts'
import { timeZoneNamed } from '../../kit/settings/time-zone.ts'
import { isoDay } from '../../kit/time.ts'
import { configInvalid } from '../../kit/user-error.ts'
import { firstSecondOf, lastSecondOf } from '../days.ts'

/** Values of the options that several verbs have; each verb has some of them. */
export interface Flags {
  /** As typed. */
  out: string
  /** UTC dates, YYYY-MM-DD; of a verb with --tz also UTC times. */
  since?: string
  to?: string
  /** IANA name of the time zone of what is typed and shown. */
  tz?: string
  /** Milliseconds. */
  wait?: number
  dryRun?: true
  json?: true
  quiet?: true
  /** Of a verb with --no-pager. */
  pager?: boolean
}

const DATES = '2025-09-15, today, yesterday, 7d'

/** Options that belong together; made for each command, because a command may change them. */
export type OptionSet = () => Option[]

export function OUT(): Option[] {
  return [new Option('--out <folder>', 'folder of the log database').default('logs/db')]
}

/** Of verbs that work on whole UTC days. */
export function DAYS(): Option[] {
  return [
    new Option('--since <date>', `first UTC date, like ${DATES}`).argParser(checkTime),
    new Option('--to <date>', 'last UTC date, included').argParser(checkTime),
  ]
}

/** Of verbs that show requests. */
export function TIMES(): Option[] {
  return [
    new Option('--since <time>', `first time, like ${DATES}, 2h or 2025-09-15T10:30`).argParser(checkTime),
    new Option('--to <time>', 'last time or day, included').argParser(checkTime),
    ...ZONE(),
  ]
}

/** Of verbs that show times. */
export function ZONE(): Option[] {
  const description = 'time zone of dates and times, like Europe/Oslo, or local'
  return [new Option('--tz <zone>', description).argParser(parseZone).default('UTC')]
}

/** Of every verb that writes. */
export function WAIT(): Option[] {
  const description = 'wait this long, like 30s, for another logdb that is writing'
  return [new Option('--wait <time>', description).argParser(parseTimeMs)]
}

export function DRY_RUN(): Option[] {
  return [new Option('--dry-run', 'change nothing, only show what would change')]
}

/** Of every verb. */
export function JSON_OUTPUT(): Option[] {
  return [new Option('--json', 'print one JSON document on stdout')]
}

/** Of verbs that may show more than a screen. */
export function PAGED(): Option[] {
  return [new Option('--no-pager', 'do not show a long output in $PAGER or less, like NO_PAGER=1')]
}

/** Of every verb that works rather than shows something. */
export function REPORT(): Option[] {
  return [...JSON_OUTPUT(), new Option('--quiet', 'print nothing unless something is wrong, for cron')]
}

/** Of every verb that changes the partitions of some days. */
export function CHANGE_OF_DAYS(): Option[] {
  return [OUT, DAYS, WAIT, DRY_RUN, REPORT].flatMap((set) => set())
}

export function addOptions(command: Command, ...sets: readonly OptionSet[]): Command {
  for (const option of sets.flatMap((set) => set())) command.addOption(option)
  return command
}

/** Adds command lines to the end of --help. */
export function addExamples(command: Command, lines: readonly string[]): Command {
  const heading = lines.length > 1 ? 'Examples' : 'Example'
  return command.addHelpText('after', `\n${heading}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

const NO_TIME = 'expected a date like 2025-09-15, today, yesterday, a time like 7d or 2h ago, or 2025-09-15T10:30.'

/** Only checks it: what it stands for depends on --tz, which may follow. */
function checkTime(text: string): string {
  if (!parseMoment(text, clockIn('UTC'))) throw new InvalidArgumentError(NO_TIME)
  return text
}

function clockIn(timeZone: string) {
  return { nowMs: Date.now(), timeZone }
}

function parseZone(text: string): string {
  const timeZone = timeZoneNamed(text)
  if (timeZone === undefined) throw new InvalidArgumentError('expected a time zone like Europe/Oslo, UTC or local.')
  return timeZone
}

/** Replaces what was typed after --since and --to by UTC days, or by UTC times where --tz exists and they do not begin or end a UTC day. */
export function resolveTimes(command: Command): void {
  const { since, to, tz } = command.opts<Pick<Flags, 'since' | 'to' | 'tz'>>()
  const clock = clockIn(tz ?? 'UTC')
  const timeOf = (timeS: number, end: 'start' | 'end') => {
    const day = isoDay(timeS * 1000)
    const isEdge = timeS === (end === 'start' ? firstSecondOf(day) : lastSecondOf(day))
    return tz === undefined || isEdge ? day : new Date(timeS * 1000).toISOString().replace('.000Z', 'Z')
  }
  const [first, last] = [since, to].map((text) => (text === undefined ? undefined : parseMoment(text, clock)))
  if (first) command.setOptionValue('since', timeOf(first.startS, 'start'))
  if (last) command.setOptionValue('to', timeOf(last.endS, 'end'))
}

/** A UTC date as YYYY-MM-DD. */
export function parseDay(text: string): string {
  const moment = parseMoment(text, clockIn('UTC'))
  if (!moment) throw new InvalidArgumentError('expected a date like 2025-09-15, today or yesterday.')
  return isoDay(moment.startS * 1000)
}

/** No shorter time: `90m` is not meant as minutes. */
const DAYS_OR_DATE = /^(\d{1,5}\s*[dw]|\d{4}-\d{1,2}-\d{1,2})$/i

/** The first UTC date, YYYY-MM-DD, of the last `90d` or `12w`; a date is itself. */
export function parseFirstDay(text: string): string {
  const moment = DAYS_OR_DATE.test(text) ? parseMoment(text, clockIn('UTC')) : undefined
  if (!moment) throw new InvalidArgumentError(`expected ${/^\d+-/.test(text) ? 'a date' : 'days like 90d, or a date'}.`)
  return isoDay(moment.startS * 1000)
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 to 9999999.')
  return Number(text)
}

/** @throws UserError CONFIG_INVALID */
export function checkDays({ since, to }: Pick<Flags, 'since' | 'to'>): void {
  if (since !== undefined && to !== undefined && firstSecondOf(since) > lastSecondOf(to)) {
    throw configInvalid(`--since ${since} is after --to ${to}`, 'swap them')
  }
}

/** Milliseconds of `30s`, `5m`, `2h`; a number alone is seconds. */
export function parseTimeMs(text: string): number {
  const timeMs = parseDuration(text)
  if (timeMs === undefined) throw new InvalidArgumentError('expected a time like 30s, 5m, 2h or 1d.')
  return timeMs
}
