import { randomBytes } from 'node:crypto'
import { parseJson } from './parse.ts'

/** Integers that a number of JavaScript may not hold; floats lose no more than their last digit. */
const MAY_HAVE_LARGE = /[[:,\s-]\d{16,}/
const STRING_OR_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs
/** Begins a string that stands for an integer. Random, so that no provider can send one. */
const MARK = `integer-${randomBytes(12).toString('hex')}:`
/** A longer text is never compared: that would copy a text that grows piece by piece, each time as a whole. */
const MAX_LENGTH = 1_000
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g')

/** The same as {@link parseJson}, but integers of 16 digits and more keep their digits; {@link stringifyExact} writes them. */
export function parseExact(json: string): unknown {
  if (!MAY_HAVE_LARGE.test(json)) return parseJson(json)
  return parseJson(json.replace(STRING_OR_INTEGER, (text) => (text[0] === '"' ? text : `"${MARK}${text}"`)))
}

/** JSON of a value that holds parts of {@link parseExact}. */
export function stringifyExact(value: unknown): string {
  const json = JSON.stringify(value)
  return json.includes(MARK) ? json.replace(MARKED, '$1') : json
}

/** Whether this string stands for an integer. */
export function isLargeInteger(value: unknown): value is string {
  return typeof value === 'string' && value.length < MAX_LENGTH && value.startsWith(MARK)
}

/** The same value with plain numbers, which may lose digits. */
export function withPlainNumbers<T>(value: T): T {
  const json = JSON.stringify(value)
  return json?.includes(MARK) ? JSON.parse(json.replace(MARKED, '$1')) : value
}
