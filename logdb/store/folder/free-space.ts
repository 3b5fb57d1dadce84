import { statfsSync } from 'node:fs'
import { logdbError } from '../../error-table.ts'

/** What a user without special rights can still write to the disk of a folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** @throws UserError DISK_FULL unless the disk of a folder has room for this many bytes */
export function requireFreeBytes(folder: string, bytes: number, what: string): void {
  if (freeBytes(folder) >= bytes) return
  const hint = 'free some space and run the command again; nothing was changed'
  throw logdbError('DISK_FULL', `no space left in ${folder} for ${what}, which needs ${bytes} bytes`, hint)
}
