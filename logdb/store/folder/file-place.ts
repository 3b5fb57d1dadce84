import { statSync } from 'node:fs'
import { configInvalid } from '../../../kit/user-error.ts'

/**
 * Refuses to replace what is not a file: root could put one in the place of a device, like /dev/null.
 * @param option that names the path
 * @throws UserError CONFIG_INVALID
 */
export function requireFilePlace(option: string, path: string, hint: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || found.isFile()) return
  throw configInvalid(`${option} ${path} is ${found.isDirectory() ? 'a folder' : 'not a file'}`, hint)
}
