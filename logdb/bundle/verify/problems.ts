import type { UserError } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import type { BundleProblem } from './checker.ts'

/** `tampered: db/…: its SHA-256 is …` */
export function problemText({ kind, member, message }: BundleProblem): string {
  return [kind, ...(member === undefined ? [] : [member]), message].join(': ')
}

/** For a bundle with problems. */
export function bundleInvalid(path: string, problems: readonly BundleProblem[]): UserError {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more problems)` : ''
  const message = `${path}: ${first ? problemText(first) : 'it is not a bundle'}${more}`
  return invalid(message)
}

/** For a bundle whose member cannot be used. @param reason continues the name of the member */
export function memberInvalid(member: string, reason: string): UserError {
  return invalid(`${member} ${reason}`)
}

function invalid(message: string): UserError {
  return logdbError('BUNDLE_INVALID', message, 'get the bundle again from where it was made')
}
