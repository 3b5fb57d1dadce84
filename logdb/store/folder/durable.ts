import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Returns when what was written to a file, or which files a folder has, is on the disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
