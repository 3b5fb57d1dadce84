import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../../kit/settings/duration.ts'
import { isoDay, MS_PER_DAY } from '../../kit/time.ts'
import { configInvalid } from '../../kit/user-error.ts'
import { isDay } from '../days.ts'

/** Values of the options that several verbs have; each verb has some of them. */
export interface Flags {
  /** As typed. */
  out: string
  /** UTC dates, YYYY-MM-DD. */
  since?: string
  to?: string
  /** Milliseconds. */
  wait?: number
  dryRun?: true
  json?: true
  quiet?: true
}

/** Options that belong together; made for each command, because a command may change them. */
export type OptionSet = () => Option[]

export function OUT(): Option[] {
  return [new Option('--out <folder>', 'folder of the log database').default('logs/db')]
}

export function DAYS(): Option[] {
  return [
    new Option('--since <date>', 'first UTC date, YYYY-MM-DD').argParser(parseDay),
    new Option('--to <date>', 'last UTC date, included').argParser(parseDay),
  ]
}

/** Of every verb that writes. */
export function WAIT(): Option[] {
  const description = 'wait this long, like 30s, for another logdb that is writing'
  return [new Option('--wait <time>', description).argParser(parseWait)]
}

export function DRY_RUN(): Option[] {
  return [new Option('--dry-run', 'change nothing, only show what would change')]
}

/** Of every verb. */
export function JSON_OUTPUT(): Option[] {
  return [new Option('--json', 'print one JSON document on stdout')]
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

const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/

/** A UTC date as YYYY-MM-DD. */
export function parseDay(text: string): string {
  const [, year = '', month = '', day = ''] = DATE.exec(text) ?? []
  const normal = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  if (!isDay(normal)) throw new InvalidArgumentError('expected a date like 2025-09-15.')
  return normal
}

/** The first UTC date, YYYY-MM-DD, of the last `90d`; a date is itself. */
export function parseFirstDay(text: string): string {
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  if (days === undefined && !DATE.test(text)) throw new InvalidArgumentError('expected days like 90d, or a date.')
  return days === undefined ? parseDay(text) : isoDay(Date.now() - Number(days) * MS_PER_DAY)
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1.')
  return Number(text)
}

/** @throws UserError CONFIG_INVALID */
export function checkDays({ since, to }: Pick<Flags, 'since' | 'to'>): void {
  if (since !== undefined && to !== undefined && since > to) {
    throw configInvalid(`--since ${since} is after --to ${to}`, 'swap them')
  }
}

/** Milliseconds of `30s`, `5m`, `2h`; a number alone is seconds. */
function parseWait(text: string): number {
  const waitMs = parseDuration(text)
  if (waitMs === undefined) throw new InvalidArgumentError('expected a time like 30s, 5m or 2h.')
  return waitMs
}
