import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Returns when the content of a file, or the list of files of a folder, is on the disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
