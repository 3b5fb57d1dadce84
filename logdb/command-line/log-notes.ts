/** A file, and how many bytes of it the note is about. */
interface BytesOfFile {
  path: string
  bytes: number
}

/** For a partition with rows that is gone or empty. */
export function lostNote({ path, reason }: { path: string; reason: string }): string {
  return `${path}: ${reason}; restore it from a backup, or run: logdb reapply && logdb ingest, which reads its logs again where they still exist`
}

/** For the end of a log that is not read. */
export function incompleteNote({ path, bytes }: BytesOfFile): string {
  return `${path}: the last ${bytes} bytes are not read, because their record does not end with a newline yet`
}

/** For a log with bytes that `--since` and `--to`, or a record that was not complete, left for a later run. */
export function goneNote({ path, bytes }: BytesOfFile): string {
  return `${path} is gone: ${bytes} bytes of it that were left for a later run can no longer be read`
}
