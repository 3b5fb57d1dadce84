import { EXIT_USAGE, UserError } from '../../kit/user-error.ts'
import type { LogdbSettings } from '../settings.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { type ErrorFacts, printError, type Terminal } from '../terminal.ts'

const EXIT_DISABLED = 2

/** What every command gets. Settings are read only by those that need them: --help works without a valid .env. */
export interface CommandContext {
  terminal: Terminal
  settings(): LogdbSettings
  /** An absolute path from one that the user typed. */
  resolve(path: string): string
  /** Says on stderr what is good to know and no trouble; --quiet leaves it out. */
  note(text: string): void
  exitWith(code: number): void
}

/** A verb that a switch turns off: the predecessor's line and exit code. */
export function reportDisabled(
  { terminal, exitWith }: CommandContext,
  { verb, line, json }: { verb: string; line: string; json: boolean | undefined },
): void {
  const error: ErrorFacts = { code: 'DISABLED', message: line, hint: 'set that variable to true, or remove it' }
  if (json) printError(terminal, verb, error)
  else terminal.out(`${line}\n`)
  exitWith(EXIT_DISABLED)
}

/** After a dry run. */
export const NOTHING_CHANGED = 'nothing was changed: this was a dry run'

export function confirmationMissing(message: string): UserError {
  return new UserError('CONFIRMATION_MISSING', `${message} for good; nothing was changed`, {
    hint: 'run it again with --yes, or with --dry-run to see where',
    exitCode: EXIT_USAGE,
  })
}

/** What to tell who erases something of old databases that hold it too. */
export function warningsOfOldDatabases(paths: string[]): string[] {
  return paths.map(
    (path) => `${path} is of the predecessor, holds them too and is not changed: delete it when you need it no more`,
  )
}

/** Ends a check that found something, with what to do about it. */
export function checkFailed({ terminal, exitWith }: CommandContext, hint: string): void {
  terminal.err(`Hint: ${hint}\n`)
  exitWith(1)
}

/** Tells who looks into the wrong folder why there is nothing. */
export function noteIfEmpty({ resolve, note }: CommandContext, out: string): void {
  const folder = resolve(out)
  if (findPartitions(folder, {}).length === 0) note(`${folder} holds no partition: run logdb ingest, or give --out`)
}
