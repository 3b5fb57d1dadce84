import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Returns when the content of a file, or the list of files of a folder, is on the disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Renames a file that is completely written. Its new name appears with its content, even after a power failure. */
export function moveDurably(from: string, to: string): void {
  syncPath(from)
  renameSync(from, to)
  syncPath(dirname(to))
}

/** Gives a file a new content. It has the old one or the new one, never a part. */
export function replaceDurably(path: string, text: string): void {
  const part = `${path}.part`
  writeFileSync(part, text)
  moveDurably(part, path)
}
