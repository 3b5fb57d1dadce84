import { createHash } from 'node:crypto'
import { BACKSLASH } from '../../kit/ascii.ts'
import { skipWhile } from '../byte-table.ts'
import { decodedIfPlain } from './plain-base64.ts'

/** 1 for the bytes of base64. */
const BASE64 = new Uint8Array(256)
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_')) BASE64[byte] = 1
/** Bytes of base64 in one step, which takes about a fifth of a millisecond. */
const STEP_BYTES = 64 * 1024

/** Before an escaped character. */
const MAX_BACKSLASHES = 8
/** Characters in the rows of base64 that is written in rows: 64 and 76 are usual. */
const ROW = { min: 32, max: 128 }

/** Content that was found in a text. */
export interface FoundContent {
  /** Where its text ends. */
  end: number
  /** Size of the decoded content. */
  bytes: number
  sha256: string
}

/**
 * Decodes the base64 at `start` of a JSON text up to the first byte that is not base64. Yields after each step.
 * @param hasRows whether it may be written in rows; in prose it may only if the rows show that they are base64
 */
export function* readingBase64(
  json: Buffer,
  start: number,
  hasRows: 'any' | 'equal' = 'any',
): Generator<void, FoundContent> {
  const hash = createHash('sha256')
  const rowLength = hasRows === 'any' ? 0 : lengthOfRows(json, start)
  let bytes = 0
  let at = start
  /** Characters that wait until there are four of them. */
  let rest = ''
  let isLong = false
  while (true) {
    const limit = at + STEP_BYTES
    const plain = isLong && rest === '' ? decodedIfPlain(json, at, limit) : undefined
    if (plain) {
      hash.update(plain)
      bytes += plain.length
      at = limit
      yield
      continue
    }
    const end = rowLength === undefined ? endOfRow(json, at, limit) : endOfRows(json, at, limit, rowLength)
    const isLast = end < limit
    const text = rest + unescaped(json.toString('latin1', at, end))
    const whole = isLast ? text.length : text.length - (text.length % 4)
    const decoded = Buffer.from(text.slice(0, whole), 'base64')
    hash.update(decoded)
    bytes += decoded.length
    if (isLast) return { end, bytes, sha256: hash.digest('hex') }
    rest = text.slice(whole)
    isLong = true
    at = end
    yield
  }
}

/** The base64 without line breaks. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\+(?:u00([0-9a-f]{2})|.)/gi, (escaped, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16)).trim()
    return escaped.endsWith('/') ? '/' : ''
  })
}

/** What stands in the log for content of this media type. */
export function contentDigest(mime: string, { sha256, bytes }: Omit<FoundContent, 'end'>): string {
  return `data:${mime};sha256=${sha256};bytes=${bytes}`
}

/**
 * Whether a row of base64 of this length is anywhere, which may be a long word. It looks at one byte out of as many, because
 * each such row has one of these bytes.
 */
export function hasBase64(json: Buffer, length: number): boolean {
  for (let at = length - 1; at < json.length; at += length) {
    let start = at
    let end = at
    while (start >= 0 && mayBeBase64(json, start)) start--
    while (end < json.length && mayBeBase64(json, end)) end++
    if (end - start > length) return true
  }
  return false
}

/** With a backslash, which may escape a slash. */
function mayBeBase64(json: Buffer, at: number): boolean {
  const byte = json[at] as number
  return BASE64[byte] === 1 || byte === BACKSLASH
}

/**
 * JSON may write a slash as `\/`, and JSON inside a text of JSON as `\\/` or `\\\/`, and any character as its number, as
 * .NET does with `+`, so a backslash belongs to base64 only with what follows it.
 */
const ESCAPED = /\\{1,8}(?:\/|u00(?:2b|2d|2f|3d|5f))/iy
const LINE_BREAK = /(?:\\{1,8}(?:[nr]|u000[ad]))+/iy
const MAX_ESCAPE = 2 * (MAX_BACKSLASHES + 5)

function endOfMatch(form: RegExp, json: Buffer, at: number): number {
  if (json[at] !== BACKSLASH) return at
  form.lastIndex = 0
  const found = form.exec(json.toString('latin1', at, at + MAX_ESCAPE))
  return at + (found?.[0].length ?? 0)
}

/** An escape is never cut, so that the end may be a few bytes behind the limit. */
function endOfRow(json: Buffer, start: number, limit: number): number {
  const stop = Math.min(limit, json.length)
  let at = start
  while (at < stop) {
    at = skipWhile(BASE64, json, at, stop)
    if (at === stop) return at
    const end = endOfMatch(ESCAPED, json, at)
    if (end === at) return at
    at = end
  }
  return at
}

/** @param rowLength of all rows but the last one; 0 if they may have any length */
function endOfRows(json: Buffer, start: number, limit: number, rowLength: number): number {
  let end = endOfRow(json, start, limit)
  while (end < limit) {
    const next = endOfMatch(LINE_BREAK, json, end)
    if (next === end || (rowLength > 0 && !continues(json, next, rowLength))) return end
    end = endOfRow(json, next, limit)
  }
  return end
}

/** The length of the rows from here on; undefined if this base64 is one row. */
function lengthOfRows(json: Buffer, start: number): number | undefined {
  const end = endOfRow(json, start, start + ROW.max * MAX_BACKSLASHES)
  const length = unescaped(json.toString('latin1', start, end)).length
  const next = endOfMatch(LINE_BREAK, json, end)
  const isRow = length >= ROW.min && length <= ROW.max && length % 4 === 0
  return isRow && next > end && continues(json, next, length) ? length : undefined
}

/** Whether the row at `start` belongs to base64 in rows of this length: the last one may be shorter. */
function continues(json: Buffer, start: number, rowLength: number): boolean {
  const end = endOfRow(json, start, start + ROW.max * MAX_BACKSLASHES)
  const { length } = unescaped(json.toString('latin1', start, end))
  return length === rowLength || (length > 0 && length < rowLength && length % 4 === 0)
}
