import { toUserError } from '../../kit/cli/command-errors.ts'
import { hasErrorCode, type UserError } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'

/** A full disk, a limit on file sizes, a quota. */
const NO_SPACE = ['ENOSPC', 'EFBIG', 'EDQUOT']
/** Nothing else makes a file where one is: a folder was to be there. */
const NO_FOLDER = ['ENOTDIR', 'EEXIST']

/**
 * The error to show for anything that ended a command.
 * @param verb as typed, for example `fts build`
 */
export function userFacing(error: unknown, verb: string): UserError {
  return error instanceof Error && 'syscall' in error ? fileError(error) : toUserError(error, 'logdb', verb)
}

function fileError(error: Error): UserError {
  if (NO_SPACE.some((code) => hasErrorCode(error, code))) {
    return logdbError('DISK_FULL', error.message, 'free some space and run the command again; nothing is lost', error)
  }
  const path = 'path' in error ? String(error.path) : undefined
  if (path !== undefined && NO_FOLDER.some((code) => hasErrorCode(error, code))) {
    return logdbError('FILE_ERROR', `a file is where a folder is needed: ${path}`, 'name another path', error)
  }
  const hint = 'check the paths of the command, and that this user may read and write there'
  return logdbError('FILE_ERROR', error.message, hint, error)
}
