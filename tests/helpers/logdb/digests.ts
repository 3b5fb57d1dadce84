import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** SHA-256 of each file: to compare what may be long. */
export const digests = (paths: string[]): string[] =>
  paths.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'))
