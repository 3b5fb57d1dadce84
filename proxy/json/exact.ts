import { randomBytes } from 'node:crypto'
import { NINE, ZERO } from '../../kit/ascii.ts'
import { parseJson } from './parse.ts'

/** Integers with as many digits may be too large for a number of JavaScript; floats lose no more than their last digit. */
const LARGE_DIGITS = 16
const STRING_OR_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs
/** Begins a string that stands for an integer. Random, so that no provider can send one. */
const MARK = `integer-${randomBytes(12).toString('hex')}:`
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g')

/** The same as {@link parseJson}, but integers of 16 digits and more keep their digits; {@link stringifyExact} writes them. */
export function parseExact(json: string): unknown {
  if (!hasManyDigits(json)) return parseJson(json)
  return parseJson(json.replace(STRING_OR_INTEGER, (text) => (text[0] === '"' ? text : `"${MARK}${text}"`)))
}

/** JSON of a value that holds parts of {@link parseExact}. */
export function stringifyExact(value: unknown): string {
  const json = JSON.stringify(value)
  return json.includes(MARK) ? json.replace(MARKED, '$1').replaceAll(MARK, '') : json
}

/**
 * Whether this string stands for an integer. Not for a text that grew piece by piece: to compare its beginning, JavaScript
 * would copy it as a whole.
 */
export function isLargeInteger(text: string): boolean {
  return text.length > MARK.length && text.startsWith(MARK)
}

/** The same value with plain numbers, which may lose digits. */
export function withPlainNumbers<T>(value: T): T {
  const json = JSON.stringify(value)
  return json?.includes(MARK) ? JSON.parse(json.replace(MARKED, '$1')) : value
}

/** Whether {@link LARGE_DIGITS} digits follow each other anywhere. It looks at one character out of as many. */
function hasManyDigits(text: string): boolean {
  for (let at = LARGE_DIGITS - 1; at < text.length; at += LARGE_DIGITS) {
    if (!isDigitAt(text, at)) continue
    let start = at
    let end = at + 1
    while (isDigitAt(text, start - 1)) start--
    while (isDigitAt(text, end)) end++
    if (end - start >= LARGE_DIGITS) return true
  }
  return false
}

/** False before the beginning and after the end. */
function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= ZERO && code <= NINE
}
