export interface UserErrorOptions {
  /** One imperative sentence that says what to do or type next. */
  hint: string
  exitCode?: number
  cause?: unknown
}

/**
 * A problem that the user can fix. Shown as message and hint, without a stack; any other Error is our bug.
 * @example
 * const show = (error: unknown) => {
 *   if (!(error instanceof UserError)) throw error
 *   console.error(`${error.message}. Hint: ${error.hint} (${error.code})`)
 * }
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  /** Stable identifier (UPPER_SNAKE), never reused for something else. */
  readonly code: string
  readonly hint: string
  readonly exitCode: number

  constructor(code: string, message: string, { hint, exitCode = 1, cause }: UserErrorOptions) {
    super(message, { cause })
    this.code = code
    this.hint = hint
    this.exitCode = exitCode
  }
}

/** Both CLIs and the gateway end with this code when what they were given is not valid. */
export const EXIT_USAGE = 2

export function configInvalid(message: string, hint: string): UserError {
  return new UserError('CONFIG_INVALID', message, { hint, exitCode: EXIT_USAGE })
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** True for errors of node:fs and friends that carry this code, for example ENOENT. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
