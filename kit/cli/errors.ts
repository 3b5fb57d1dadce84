import { EXIT_USAGE, UserError } from '../user-error.ts'

/** One row of a program's table of errors; the docs list the same rows, and a test compares both. */
export interface ErrorKind {
  exitCode: number
  /** One line for the docs: when this happens and what it means. */
  meaning: string
}

/** Errors that every program of ours can end with. */
export const COMMON_ERRORS = {
  BUG: { exitCode: 1, meaning: 'a bug of ours; please report it' },
  USAGE: { exitCode: EXIT_USAGE, meaning: 'unknown or wrong options' },
  CONFIG_INVALID: { exitCode: EXIT_USAGE, meaning: 'a value in .env, config.yml or an option is not valid' },
} as const satisfies Record<string, ErrorKind>

/**
 * The function that makes the errors of one program, from its table.
 * @example const logdbError = errorMaker(LOGDB_ERRORS)
 */
export function errorMaker<Code extends string>(table: Record<Code, ErrorKind>) {
  /** @param hint one imperative sentence that says what to do or type next, without a full stop */
  return (code: Code, message: string, hint: string, cause?: unknown): UserError => {
    return new UserError(code, message, { hint, exitCode: table[code].exitCode, cause })
  }
}
