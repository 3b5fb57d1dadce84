import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET } from '../../kit/ascii.ts'
import { endOfValue, keyAt, skipColon, skipSpace, skipString } from './scan.ts'

// In bytes that are known to be JSON. A function that reads a value returns its end, so that no byte is scanned twice.

/**
 * Calls `read` with the start of each element of the array at `start`, until it returns undefined.
 * @returns the end of the array, or of the value that is there instead; undefined if `read` has stopped
 */
export function walkElements<End extends number | undefined>(
  json: Buffer,
  start: number,
  read: (start: number) => End,
): number | End {
  if (json[start] !== OPEN_BRACKET) return endOfValue(json, start)
  let at = skipSpace(json, start + 1)
  while (json[at] !== CLOSE_BRACKET) {
    const end = read(at)
    if (end === undefined) return end
    at = afterComma(json, end)
  }
  return at + 1
}

/**
 * Calls `read` for each member with one of these names of the object at `start`.
 * @returns the end of the object, or of the value that is there instead
 */
export function walkMembers<K extends string>(
  json: Buffer,
  start: number,
  keys: readonly K[],
  read: (key: K, start: number) => number,
): number {
  if (json[start] !== OPEN_BRACE) return endOfValue(json, start)
  let at = skipSpace(json, start + 1)
  while (json[at] !== CLOSE_BRACE) {
    const keyEnd = skipString(json, at)
    const key = keyAt(json, at, keyEnd, keys)
    const valueAt = skipColon(json, at, keyEnd)
    at = afterComma(json, key === undefined ? endOfValue(json, valueAt) : read(key, valueAt))
  }
  return at + 1
}

/** From the end of a value to the next one, or to what closes the object or array. */
function afterComma(json: Buffer, end: number): number {
  const at = skipSpace(json, end)
  return json[at] === COMMA ? skipSpace(json, at + 1) : at
}
