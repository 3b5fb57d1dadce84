import { chmodSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { tempFolder } from '../temp-folder.ts'

/** Programs that show this machine as a server where nothing was deployed yet; first on the PATH of all tests. */
const EMPTY_SERVER = join(import.meta.dirname, '../empty-server')

/** PATH without them. */
export function pathOfThisMachine(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.filter((folder) => folder !== EMPTY_SERVER).join(delimiter)
}

/** Whatever runs on this machine makes no difference from now on. */
export function useEmptyServer(): void {
  process.env['PATH'] = `${EMPTY_SERVER}${delimiter}${pathOfThisMachine()}`
}

/** A PATH that has these programs first, by name and text, until the test ends. */
export function pathWith(programs: Record<string, string>): string {
  const folder = tempFolder(programs)
  for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755)
  return `${folder}:${process.env['PATH']}`
}
