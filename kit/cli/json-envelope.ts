import type { Terminal } from './terminal.ts'

/** A command that succeeded, or a check that found something and still has a result to show. */
export interface Success {
  /** As typed, for example `fts build`. */
  verb: string
  /** Of commands that know `--dry-run`. */
  isDryRun?: boolean | undefined
  result: unknown
  /** Of a result that is a part of what was found: how many there are, and whether more follow. */
  found?: { total?: unknown; more: boolean } | undefined
  warnings?: readonly string[] | undefined
}

export interface Failure {
  verb: string
  error: ErrorFacts
  /** What stands although the command failed, for example a key that was made. */
  result?: unknown
  isDryRun?: boolean | undefined
  warnings?: readonly string[] | undefined
}

export interface ErrorFacts {
  /** Stable identifier, UPPER_SNAKE. */
  code: string
  message: string
  /** What to do or type next. */
  hint: string
}

/** The one document of a command with `--json`: `{"ok":true,"verb","dry_run"?,"result","total"?,"more"?,"warnings"}`. */
export function printSuccess(terminal: Terminal, { verb, isDryRun, result, found, warnings = [] }: Success): void {
  printJson(terminal, { ok: true, verb, dry_run: isDryRun, result, ...found, warnings })
}

/** The one document of a command with `--json` that failed: `{"ok":false,"verb","error","result"?,"warnings"?}`. */
export function printFailure(terminal: Terminal, { verb, error, isDryRun, result, warnings }: Failure): void {
  const { code, message, hint } = error
  printJson(terminal, { ok: false, verb, dry_run: isDryRun, error: { code, message, hint }, result, warnings })
}

/** Prints one JSON document on its own line. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${jsonText(value)}\n`)
}

/** JSON that is safe to show on a terminal. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(CONTROLS_IN_JSON, escaped)
}

/** Characters that JSON need not escape and that a terminal may obey. */
const CONTROLS_IN_JSON = /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
