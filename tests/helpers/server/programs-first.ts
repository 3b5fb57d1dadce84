import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../temp-folder.ts'

/** Shows no listener, so that no port of this machine is taken. */
export const NO_LISTENERS = { ss: '#!/bin/sh\n' }

/** A PATH that has these programs first, by name and text, until the test ends. */
export function pathWith(programs: Record<string, string>): string {
  const folder = tempFolder(programs)
  for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755)
  return `${folder}:${process.env['PATH']}`
}
