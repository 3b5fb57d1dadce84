import { type Command, InvalidArgumentError } from 'commander'
import { configInvalid } from '../../kit/user-error.ts'
import { isDay } from '../record/timestamp.ts'

const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/

/** A UTC date as YYYY-MM-DD. */
export function parseDay(text: string): string {
  const [, year = '', month = '', day = ''] = DATE.exec(text) ?? []
  const normal = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  if (!isDay(normal)) throw new InvalidArgumentError('expected a date like 2025-09-15.')
  return normal
}

const MS_PER_DAY = 86_400_000

/** The first UTC date, YYYY-MM-DD, of the last `90d`; a date is itself. */
export function parseFirstDay(text: string): string {
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  if (days === undefined && !DATE.test(text)) throw new InvalidArgumentError('expected days like 90d, or a date.')
  return days === undefined
    ? parseDay(text)
    : new Date(Date.now() - Number(days) * MS_PER_DAY).toISOString().slice(0, 10)
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1.')
  return Number(text)
}

export interface DayOptions {
  since?: string
  to?: string
}

/** `--since` and `--to`. */
export function withDays(command: Command): Command {
  return command
    .option('--since <date>', 'first UTC date, YYYY-MM-DD', parseDay)
    .option('--to <date>', 'last UTC date, included', parseDay)
}

/** @throws UserError CONFIG_INVALID */
export function checkDays({ since, to }: DayOptions): void {
  if (since !== undefined && to !== undefined && since > to) {
    throw configInvalid(`--since ${since} is after --to ${to}`, 'swap them')
  }
}

const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `30s`, `5m`, `2h`; a number alone is seconds. */
function parseDuration(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('expected a time like 30s, 5m or 2h.')
  return Number(count) * (MS_PER_UNIT[unit] ?? 0)
}

/** `--wait`, of every command that writes. */
export function withWait(command: Command): Command {
  return command.option('--wait <time>', 'wait so long, like 30s, while another logdb is writing', parseDuration)
}

/** `--json`, of every command. */
export function withJson(command: Command): Command {
  return command.option('--json', 'one JSON document on stdout')
}

/** `--json` and `--quiet`, of every command that works rather than shows. */
export function withReport(command: Command): Command {
  return withJson(command).option('--quiet', 'print nothing unless something is wrong, for cron')
}

/** `--out`, of every command. */
export function withOut(command: Command): Command {
  return command.option('--out <folder>', 'folder of the log database', 'logs/db')
}
