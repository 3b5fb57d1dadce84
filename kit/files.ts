import { readFileSync } from 'node:fs'
import { configInvalid, errorMessage, hasErrorCode } from './user-error.ts'

/**
 * Text of a file that the user named.
 * @throws UserError CONFIG_INVALID if it cannot be read
 */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw configInvalid(`cannot read ${path}: ${errorMessage(error)}`, 'check the path and its permissions')
  }
}

/**
 * The same for a file that may be missing.
 * @returns undefined if there is no such file
 * @throws UserError CONFIG_INVALID if it cannot be read
 */
export function readTextIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw configInvalid(`cannot read ${path}: ${errorMessage(error)}`, 'check that it is a readable file')
  }
}
