import { createColors } from 'picocolors'
import type { Environment } from '../kit/settings/environment.ts'

/** What a command may touch of the process that it runs in. */
export interface Terminal {
  /** Data. */
  out(text: string): void
  /** Everything that is not data. */
  err(text: string): void
  isOutTTY: boolean
  isErrTTY: boolean
  /** Width of stderr, if it is a terminal. */
  readonly errColumns: number | undefined
  cwd: string
  /** The real environment, without .env. */
  env: Environment
  /** Aborted when the user wants the program to end; who never reads this is ended by the signal itself. */
  readonly signal: AbortSignal
}

/** Colours for data, on a terminal only. */
export const colorsFor = ({ isOutTTY, env }: Terminal) => createColors(isOutTTY && !env['NO_COLOR'])

/** What a command with `--json` tells, apart from errors. */
export interface Report {
  verb: string
  /** True if absent. */
  ok?: boolean
  /** Of commands that know `--dry-run`. */
  isDryRun?: boolean | undefined
  result: unknown
  warnings?: string[]
}

/** The one document of a command with `--json`: `{ok, verb, dry_run?, result, warnings}`. */
export function printReport(terminal: Terminal, { verb, ok = true, isDryRun, result, warnings = [] }: Report): void {
  printJson(terminal, { ok, verb, dry_run: isDryRun, result, warnings })
}

export interface ErrorFacts {
  /** Stable identifier, UPPER_SNAKE. */
  code: string
  message: string
  hint: string
}

/** The one document of a command with `--json` that failed: `{ok, verb, error}`. */
export function printError(terminal: Terminal, verb: string, { code, message, hint }: ErrorFacts): void {
  printJson(terminal, { ok: false, verb, error: { code, message, hint } })
}

/** One JSON document in a line of its own. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value).replace(CONTROLS_IN_JSON, escaped)}\n`)
}

/** What JSON need not escape and a terminal may obey. */
const CONTROLS_IN_JSON = /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Control characters, and those that turn the direction of writing. */
const CONTROLS = /[\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu

/** The same without tab and line feed. */
const CONTROLS_BUT_LAYOUT = /(?![\t\n])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu

/** Text of a log must not move the cursor of whoever reads it. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** The same for a text of several lines. */
export function linesWithoutControls(text: string): string {
  return text.replace(CONTROLS_BUT_LAYOUT, ' ')
}
