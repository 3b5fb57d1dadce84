import type { Terminal } from '../../kit/cli/terminal.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import type { LogdbSettings } from '../settings.ts'
import type { Flags } from './options.ts'

/** What every command gets. Settings are read only by those that need them: --help works without a valid .env. */
export interface CommandContext {
  terminal: Terminal
  /** A sentence in which each command has the name that the user typed. */
  named(text: string): string
  settings(): LogdbSettings
  /** Variables by name, with those of .env. */
  environment(): Environment
  /** An absolute path from one that the user typed. */
  resolve(path: string): string
  /** Prints information that is not a problem on stderr; --quiet leaves it out. */
  note(text: string): void
  exitWith(code: number): void
}

/** The options of a verb that changes the log database, for the library. */
export function changeOf({ out, wait, dryRun }: Flags, { resolve }: CommandContext) {
  return { out: resolve(out), waitMs: wait, isDryRun: dryRun ?? false }
}
