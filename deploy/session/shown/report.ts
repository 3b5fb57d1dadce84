import { printFailure, printSuccess } from '../../../kit/cli/json-envelope.ts'
import { renderError } from '../../../kit/cli/render-error.ts'
import { errColors, type Terminal } from '../../../kit/cli/terminal.ts'
import type { UserError } from '../../../kit/user-error.ts'

/** How a command ended. */
export interface Outcome {
  /** For --json: what was done or found; of a command that failed, what stands nevertheless. */
  result?: object | undefined
  /** For --json, of those commands that know --dry-run. */
  isDryRun?: boolean | undefined
  /** For --json; people have seen them before they were asked. */
  warnings?: readonly string[] | undefined
  /** For people, on stdout. */
  lines?: readonly string[] | undefined
  /** On stderr, after the result. */
  notes?: readonly string[] | undefined
  /** Of a command that was run for the user; 0 without one. */
  exitCode?: number | undefined
  /** Undefined if all went well. */
  error?: UserError | undefined
}

/** Shows how a command ended. @returns its exit code */
export function report(terminal: Terminal, verb: string, isJson: boolean, outcome: Outcome): number {
  const { result, isDryRun, warnings, lines = [], notes = [], exitCode = 0, error } = outcome
  if (!isJson) for (const line of lines) terminal.out(`${line}\n`)
  else if (error === undefined) printSuccess(terminal, { verb, isDryRun, result, warnings })
  else printFailure(terminal, { verb, error, result })
  for (const line of notes) terminal.err(`${line}\n`)
  if (error === undefined) return exitCode
  terminal.err(renderError(error, errColors(terminal)))
  return error.exitCode
}

/** @param releases that were told to stop and still run */
export function drainWarnings(releases: readonly string[]): string[] {
  return releases.map((id) => `release ${id} still finishes its running answers, and then stops by itself`)
}
