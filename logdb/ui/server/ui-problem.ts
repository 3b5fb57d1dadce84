import { UserError } from '../../../kit/user-error.ts'
import type { LogdbErrorCode } from '../../error-table.ts'

/** An error of the API: an HTTP status, one sentence, and what to do. */
export class UiProblem extends Error {
  readonly status: number
  readonly hint: string | undefined
  /** Seconds, for the header Retry-After. */
  readonly retryAfterS: number | undefined

  constructor(status: number, message: string, { hint, retryAfterS }: { hint?: string; retryAfterS?: number } = {}) {
    super(message)
    this.status = status
    this.hint = hint
    this.retryAfterS = retryAfterS
  }
}

const STATUSES: Partial<Record<LogdbErrorCode, number>> = {
  REQUEST_NOT_FOUND: 404,
  REQUEST_AMBIGUOUS: 409,
  QUERY_INVALID: 400,
  INDEX_MISSING: 409,
  DATABASE_BUSY: 503,
}

/** What to do in a browser, where the hint of an error names commands. */
const HINTS: Partial<Record<LogdbErrorCode, string>> = {
  REQUEST_NOT_FOUND: 'find ids in the list of requests',
}

/** The problem to answer with for an error of logdb; undefined for an error that is our bug. */
export function problemOf(error: unknown): UiProblem | undefined {
  if (error instanceof UiProblem) return error
  if (!(error instanceof UserError)) return undefined
  const code = error.code as LogdbErrorCode
  return new UiProblem(STATUSES[code] ?? 500, error.message, { hint: HINTS[code] ?? error.hint })
}
