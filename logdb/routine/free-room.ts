import { mkdirSync } from 'node:fs'
import { logdbError } from '../error-table.ts'
import { freeBytes } from '../store/folder/free-space.ts'

/** @throws UserError DISK_FULL if the disk of the log database has less than this free */
export function requireRoom(base: string, leastBytes: number): void {
  mkdirSync(base, { recursive: true })
  const free = freeBytes(base)
  if (free >= leastBytes) return
  const message = `the disk of ${base} has ${free} bytes free, less than ${leastBytes}, so nothing more is written to it`
  throw logdbError('DISK_FULL', message, 'free some space, or give a smaller --min-free')
}
