import { errorMessage, hasErrorCode } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'

/** SQLite distinguishes a full disk from a limit on sizes (`ulimit -f`, a quota), which it reports as an error of writing. */
const NO_SPACE_CODES = ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_TRUNCATE']
/** Reading beyond the end of a file that was cut is an error of reading. */
const DAMAGE = ['SQLITE_NOTADB', 'SQLITE_CORRUPT', 'SQLITE_IOERR', 'SQLITE_FORMAT']
const NOTHING_LOST = 'nothing is lost: what was not committed is read again'

/**
 * The UserError for an error of SQLite that a user can do something about; any other error as it is.
 * @param path the database
 */
export function explainError(path: string, error: unknown): unknown {
  if (NO_SPACE_CODES.some((code) => hasErrorCode(error, code))) {
    const message = `no space left for ${path} (${errorMessage(error)})`
    const hint = `free some space, or raise the limit on file sizes, and run the command again; ${NOTHING_LOST}`
    return logdbError('DISK_FULL', message, hint, error)
  }
  if (isOfKind(error, 'SQLITE_BUSY')) {
    const hint = `run the command again when the other one is done; ${NOTHING_LOST}`
    return logdbError('DATABASE_BUSY', `${path} is in use by another process`, hint, error)
  }
  if (DAMAGE.some((code) => isOfKind(error, code))) {
    const hint = `check it with: sqlite3 ${path} 'PRAGMA integrity_check'; if it is lost, move it away and run: logdb reapply && logdb ingest`
    return logdbError('DATABASE_DAMAGED', `${path} is damaged or not a SQLite database`, hint, error)
  }
  if (isOfKind(error, 'SQLITE_CANTOPEN') || isOfKind(error, 'SQLITE_READONLY')) {
    const hint =
      'run it as the user who owns that folder, because SQLite writes there even to read; other users can read sealed partitions (logdb seal)'
    return logdbError('DATABASE_UNWRITABLE', `cannot open ${path}: ${errorMessage(error)}`, hint, error)
  }
  return error
}

/** True for a code and for those that extend it: SQLITE_READONLY_DIRECTORY is of the kind SQLITE_READONLY. */
function isOfKind(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && `${error.code}_`.startsWith(`${code}_`)
}
