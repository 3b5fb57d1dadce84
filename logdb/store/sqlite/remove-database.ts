import { rmSync } from 'node:fs'

/** The database last: the next run finds what a killed run leaves. */
const FILES_OF_A_DATABASE = ['-wal', '-shm', '-journal', '']

/** Deletes a database with the files that SQLite keeps next to it; nothing happens if there is none. */
export function removeDatabase(path: string): void {
  for (const suffix of FILES_OF_A_DATABASE) rmSync(path + suffix, { force: true })
}
