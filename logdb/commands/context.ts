import { EXIT_USAGE, UserError } from '../../kit/user-error.ts'
import type { LogdbSettings } from '../settings.ts'
import { printJson, type Terminal } from '../terminal.ts'

const EXIT_DISABLED = 2

/** What every command gets. Settings are read only by those that need them: --help works without a valid .env. */
export interface CommandContext {
  terminal: Terminal
  settings(): LogdbSettings
  /** An absolute path from one that the user typed. */
  resolve(path: string): string
  exitWith(code: number): void
}

/** The predecessor's line and exit code for a verb that a switch turns off. */
export function reportDisabled({ terminal, exitWith }: CommandContext, line: string, json: boolean | undefined): void {
  if (json) printJson(terminal, { ok: false, error: { code: 'DISABLED', message: line } })
  else terminal.out(`${line}\n`)
  exitWith(EXIT_DISABLED)
}

/** For stderr after a dry run. */
export const NOTHING_CHANGED = 'nothing was changed: this was a dry run\n'

export function confirmationMissing(message: string): UserError {
  return new UserError('CONFIRMATION_MISSING', `${message} for good; nothing was changed`, {
    hint: 'run it again with --yes, or with --dry-run to see where',
    exitCode: EXIT_USAGE,
  })
}
