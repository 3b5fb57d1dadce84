import { CommanderError } from 'commander'
import { EXIT_USAGE, errorMessage, hasErrorCode, UserError } from '../../kit/user-error.ts'
import { EXIT_NO_SPACE } from '../store/sqlite/open.ts'

export function usageError(message: string, help: string): UserError {
  return new UserError('USAGE', message, { hint: `see ${help}`, exitCode: EXIT_USAGE })
}

/** What to tell of whatever ended a command; `verb` as in `logdb fts build`. */
export function userFacing(error: unknown, verb: string): UserError {
  if (error instanceof UserError) return error
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    return usageError(message, `logdb ${verb} --help`)
  }
  if (error instanceof Error && 'syscall' in error) return fileError(error)
  const stack = error instanceof Error ? error.stack : undefined
  return new UserError('BUG', `this is a bug of logdb: ${stack ?? errorMessage(error)}`, { hint: 'please report it' })
}

function fileError(error: Error): UserError {
  if (hasErrorCode(error, 'ENOSPC')) {
    const hint = 'free some space and run the command again; nothing is lost'
    return new UserError('DISK_FULL', error.message, { hint, exitCode: EXIT_NO_SPACE, cause: error })
  }
  const hint = 'check the folders that --from and --out name, and that this user may read and write there'
  return new UserError('FILE_ERROR', error.message, { hint, cause: error })
}
