import { COMMON_ERRORS, type ErrorKind, errorMaker } from '../kit/cli/errors.ts'

/** Every error that logdb can end with; docs/logdb.md lists the same codes and exit codes. */
export const LOGDB_ERRORS = {
  ...COMMON_ERRORS,
  SQLITE_MISSING: { exitCode: 1, meaning: 'the package better-sqlite3 is missing or does not load' },
  FILE_ERROR: { exitCode: 1, meaning: 'a file or folder cannot be read or written' },
  LOGS_MISSING: { exitCode: 1, meaning: 'the folder of the logs cannot be read' },
  PARTITIONS_MISSING: { exitCode: 1, meaning: 'the folder has no log database for these days' },
  DATABASE_DAMAGED: { exitCode: 1, meaning: 'a database is damaged, or the file is not a SQLite database' },
  DATABASE_UNWRITABLE: { exitCode: 1, meaning: 'this user cannot open a database' },
  INDEX_MISSING: { exitCode: 1, meaning: 'no partition of these days has a text index' },
  INDEX_NOT_DROPPED: { exitCode: 1, meaning: '`fts drop` could not remove an index; stdout or the result says why' },
  REQUEST_NOT_FOUND: { exitCode: 1, meaning: 'no request or dialog has this id' },
  REQUEST_AMBIGUOUS: { exitCode: 1, meaning: 'several requests have an id that begins like this' },
  PORT_IN_USE: { exitCode: 1, meaning: 'another program listens on the port' },
  AUDIT_FAILED: { exitCode: 1, meaning: '`audit` found bytes of a log that are not accounted for' },
  VERIFY_FAILED: { exitCode: 1, meaning: '`verify` found a partition that is not whole' },
  EXPORT_DIFFERS: {
    exitCode: 1,
    meaning: '`export --verify` found a file that differs from its manifest or from the database',
  },
  BUNDLE_INVALID: { exitCode: 1, meaning: 'a bundle is damaged, was changed, or is not a bundle' },
  MERGE_UNPROVEN: {
    exitCode: 1,
    meaning: '`merge` or `seal --rewrite` could not prove that a request is in the new file; nothing was changed',
  },
  TRANSFER_FAILED: { exitCode: 1, meaning: 'a file did not arrive as it is here, or cannot be written there' },
  QUERY_INVALID: { exitCode: 2, meaning: 'the SQL statement or the search query cannot be run' },
  CONFIRMATION_MISSING: { exitCode: 2, meaning: 'the command would remove something and needs `--yes`' },
  DISABLED: { exitCode: 2, meaning: 'a variable of the environment turns this verb off' },
  RECORDS_UNREADABLE: { exitCode: 3, meaning: '`ingest --strict`: done, but a record or a file could not be read' },
  PARTITIONS_DAMAGED: { exitCode: 3, meaning: 'done, but a damaged partition was skipped' },
  DATABASE_IN_USE: { exitCode: 4, meaning: 'another logdb is writing to the log database' },
  DATABASE_BUSY: { exitCode: 4, meaning: 'another process is using a database' },
  INGEST_RUNNING: { exitCode: 4, meaning: 'another ingest changed the position of a log meanwhile' },
  FOLLOW_ENDED: { exitCode: 4, meaning: '`ingest --follow` ended before a job of it was done; ask for it again' },
  ERASURE_UNFINISHED: {
    exitCode: 4,
    meaning: 'the requests are removed, but bytes of them remain in a file that another process is reading',
  },
  DISK_FULL: { exitCode: 5, meaning: 'no space left, or a limit on file sizes reached; nothing is lost' },
  REMOTE_UNREACHABLE: { exitCode: 6, meaning: 'the other machine cannot be reached; what has arrived is kept' },
  DATABASE_FOREIGN: { exitCode: 7, meaning: 'a database was not made by this logdb; it is not changed' },
  DATABASE_NEWER: { exitCode: 7, meaning: 'a database was made by a newer logdb; it is not changed' },
  PARTITION_LOST: {
    exitCode: 7,
    meaning: 'a partition with rows is gone or empty; `init` makes no other one in its place',
  },
  SERVER_ID_MISSING: { exitCode: 7, meaning: 'the log database has rows, but its `.server_id` is gone' },
  BUNDLE_CONFLICT: { exitCode: 7, meaning: 'a request of a bundle is already stored with another content' },
  CONVERSION_IMPOSSIBLE: { exitCode: 7, meaning: "a row of the predecessor's database cannot be taken over" },
  CONVERSION_CONFLICT: { exitCode: 7, meaning: 'a request is already stored with another content' },
  MERGE_CONFLICT: { exitCode: 7, meaning: '`merge` found a request twice with different content; nothing was changed' },
} as const satisfies Record<string, ErrorKind>

export type LogdbErrorCode = keyof typeof LOGDB_ERRORS

/** Makes an error of the table. */
export const logdbError = errorMaker<LogdbErrorCode>(LOGDB_ERRORS)
