import { createHash } from 'node:crypto'
import { BACKSLASH, SLASH } from '../../kit/ascii.ts'

/** 1 for the bytes of base64. */
const BASE64 = new Uint8Array(256)
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_')) BASE64[byte] = 1
/** Bytes of base64 in one step, which takes about half a millisecond. */
const STEP_BYTES = 256 * 1024

/** Before an escaped slash. */
const MAX_BACKSLASHES = 8

/** Content that was found in a text. */
export interface FoundContent {
  /** Where its text ends. */
  end: number
  /** Size of the decoded content. */
  bytes: number
  sha256: string
}

/** Decodes the base64 at `start` of a JSON text up to the first byte that is not base64. Yields after each step. */
export function* readingBase64(json: Buffer, start: number): Generator<void, FoundContent> {
  const hash = createHash('sha256')
  let bytes = 0
  let at = start
  /** Characters that wait until there are four of them. */
  let rest = ''
  while (true) {
    const end = endOfBase64(json, at, at + STEP_BYTES)
    const isLast = end < at + STEP_BYTES
    const text = rest + json.toString('latin1', at, end).replaceAll('\\', '')
    const whole = isLast ? text.length : text.length - (text.length % 4)
    const decoded = Buffer.from(text.slice(0, whole), 'base64')
    hash.update(decoded)
    bytes += decoded.length
    if (isLast) return { end, bytes, sha256: hash.digest('hex') }
    rest = text.slice(whole)
    at = end
    yield
  }
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
 * JSON may write a slash as `\/`, and JSON inside a text of JSON as `\\/` or `\\\/`, so backslashes belong to base64 only
 * before a slash.
 */
function endOfBase64(json: Buffer, start: number, limit: number): number {
  const stop = Math.min(limit, json.length)
  let at = start
  while (at < stop && (BASE64[json[at] as number] === 1 || isEscapedSlash(json, at))) at++
  return at
}

function isEscapedSlash(json: Buffer, at: number): boolean {
  let end = at
  while (json[end] === BACKSLASH && end - at < MAX_BACKSLASHES) end++
  return end > at && json[end] === SLASH
}
