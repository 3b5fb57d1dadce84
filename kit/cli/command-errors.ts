import { CommanderError } from 'commander'
import { errorMessage, UserError } from '../user-error.ts'
import { COMMON_ERRORS, errorMaker } from './errors.ts'

const commonError = errorMaker(COMMON_ERRORS)

/**
 * The error to show for anything that ended a command.
 * @param program its name, for `see PROGRAM --help`
 * @param verb as typed, for example `fts build`; empty without one
 */
export function toUserError(error: unknown, program: string, verb: string): UserError {
  if (error instanceof UserError) return error
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    const help = [program, verb, '--help'].filter((word) => word !== '').join(' ')
    return commonError('USAGE', message, `see ${help}`, error)
  }
  const stack = error instanceof Error ? error.stack : undefined
  return commonError('BUG', `this is a bug of ${program}: ${stack ?? errorMessage(error)}`, 'please report it', error)
}

/** True if commander only printed help or a version, which is not a failure. */
export function isHelpShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0
}
