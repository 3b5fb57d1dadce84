import { isUtf8 } from 'node:buffer'
import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LINE_FEED,
  LOWER_E,
  LOWER_N,
  LOWER_U,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  POINT,
  QUOTE,
  SPACE,
  TAB,
  UPPER_E,
  ZERO,
} from '../../kit/ascii.ts'
import type { MemberNames } from './member-names.ts'
import { skipPlain } from './plain-text.ts'

/** The place of a value in the bytes: [start, end). */
export interface Slice {
  start: number
  end: number
}

const INVALID = -1

const LITERALS: Record<number, string> = { 116: 'true', 102: 'false', 110: 'null' }

/**
 * Finds the values of these top-level keys without parsing the text into objects. If a key occurs more than once, the last
 * one is used.
 * @param repeated receives those of `once` that occur more than once, also in upper case: Go's `encoding/json` takes both for
 * one
 * @param watch notices other names at any depth
 * @returns undefined if the bytes are not exactly one JSON object in UTF-8
 */
export function scanJsonObject<K extends string>(
  json: Buffer,
  keys: readonly K[],
  repeated?: K[],
  once: readonly K[] = keys,
  watch?: MemberWatch,
): Partial<Record<K, Slice>> | undefined {
  if (!isUtf8(json)) return undefined
  const found: Partial<Record<K, Slice>> = {}
  const end = scanMembers(json, skipSpace(json, 0), keys, found, repeated && { once, repeated, inOtherCase: [] }, watch)
  return end !== INVALID && skipSpace(json, end) === json.length ? found : undefined
}

/** The same for the object at `start` in bytes that are known to be JSON; empty if no object starts there. */
export function scanInnerObject<K extends string>(
  json: Buffer,
  start: number,
  keys: readonly K[],
): Partial<Record<K, Slice>> {
  const found: Partial<Record<K, Slice>> = {}
  scanMembers(json, start, keys, found)
  return found
}

/** The start of the first element of the array at `start`; undefined if there is none. */
export function firstElement(json: Buffer, start: number): number | undefined {
  if (json[start] !== OPEN_BRACKET) return undefined
  const at = skipSpace(json, start + 1)
  return json[at] === CLOSE_BRACKET ? undefined : at
}

/** The elements of the array at `start`, in bytes that are known to be JSON. */
export function* elementsOf(json: Buffer, start: number): Generator<Slice> {
  let at = firstElement(json, start)
  while (at !== undefined) {
    const end = endOfValue(json, at)
    yield { start: at, end }
    const next = skipSpace(json, end)
    at = json[next] === COMMA ? skipSpace(json, next + 1) : undefined
  }
}

/** The text at this place, in bytes that are known to be JSON; undefined if there is none. */
export function textAt(json: Buffer, slice: Slice | undefined): string | undefined {
  if (!slice || json[slice.start] !== QUOTE) return undefined
  const { start, end } = slice
  // Names of models are of this kind.
  if (end - start <= SHORT && isPlainAscii(json, start + 1, end - 1)) return json.toString('latin1', start + 1, end - 1)
  return JSON.parse(json.toString('utf8', start, end))
}

/** The parsed value at this place, in bytes that are known to be JSON. */
export function valueAt(json: Buffer, slice: Slice | undefined): unknown {
  return slice && JSON.parse(json.toString('utf8', slice.start, slice.end))
}

/** Watches for keys that occur more than once. */
interface Repeats<K> {
  once: readonly K[]
  repeated: K[]
  inOtherCase: K[]
}

/** Notices whether a text has members with some names, at any depth. */
export interface MemberWatch {
  readonly names: MemberNames
  /** One of them has a value other than null. */
  isSeen: boolean
}

/** Puts the members with these keys of the object at `start` into `found`, and returns the end of the object. */
function scanMembers<K extends string>(
  json: Buffer,
  start: number,
  keys: readonly K[],
  found: Partial<Record<K, Slice>>,
  repeats?: Repeats<K>,
  watch?: MemberWatch,
): number {
  if (json[start] !== OPEN_BRACE) return INVALID
  let at = skipSpace(json, start + 1)
  if (json[at] === CLOSE_BRACE) return at + 1
  while (true) {
    const keyEnd = skipString(json, at)
    if (keyEnd === INVALID) return INVALID
    const key = keyAt(json, at, keyEnd, keys)
    if (repeats && key === undefined) noteOtherCase(json, at, keyEnd, repeats)
    at = skipColon(json, at, keyEnd, watch)
    if (at === INVALID) return INVALID
    const end = endOfValue(json, at, watch)
    if (end === INVALID) return INVALID
    if (key !== undefined) {
      if (found[key] && repeats?.once.includes(key)) repeats.repeated.push(key)
      found[key] = { start: at, end }
    }
    at = skipSpace(json, end)
    if (json[at] === CLOSE_BRACE) break
    if (json[at] !== COMMA) return INVALID
    at = skipSpace(json, at + 1)
  }
  for (const wanted of repeats?.inOtherCase ?? []) if (found[wanted]) repeats?.repeated.push(wanted)
  return at + 1
}

/** Which of these keys, which are ASCII, the string literal at [start, end) means; it may have escapes. */
export function keyAt<K extends string>(json: Buffer, start: number, end: number, keys: readonly K[]): K | undefined {
  if (hasEscapes(json, start, end)) {
    const text: unknown = JSON.parse(json.toString('utf8', start, end))
    return keys.find((wanted) => wanted === text)
  }
  for (const wanted of keys) if (isText(json, start, end, wanted)) return wanted
  return undefined
}

function isText(json: Buffer, start: number, end: number, text: string): boolean {
  const { length } = text
  if (end - start - 2 !== length) return false
  for (let at = 0; at < length; at++) if (json[start + 1 + at] !== text.charCodeAt(at)) return false
  return true
}

const LOWER_CASE = 0x20
const FIRST_NOT_ASCII = 0x80

/** Texts up to this size, in bytes, are read without a parser if they can be. */
const SHORT = 128

function isPlainAscii(json: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = json[at] as number
    if (byte >= FIRST_NOT_ASCII || byte === BACKSLASH) return false
  }
  return true
}

/** Keys that are in lower case; the literal may have other cases, such as `\u017f`, whose upper case is S. */
function noteOtherCase<K extends string>(json: Buffer, start: number, end: number, repeats: Repeats<K>): void {
  const isOdd = hasEscapes(json, start, end) || !isAscii(json, start, end)
  const upper = isOdd ? JSON.parse(json.toString('utf8', start, end)).toUpperCase() : undefined
  for (const wanted of repeats.once) {
    const isSame = isOdd ? upper === wanted.toUpperCase() : isTextInAnyCase(json, start, end, wanted)
    if (isSame) repeats.inOtherCase.push(wanted)
  }
}

function isTextInAnyCase(json: Buffer, start: number, end: number, text: string): boolean {
  if (end - start - 2 !== text.length) return false
  for (let at = 0; at < text.length; at++) {
    if (((json[start + 1 + at] as number) | LOWER_CASE) !== text.charCodeAt(at)) return false
  }
  return true
}

/** Names of members are short: this is faster than a search for the byte. */
function hasEscapes(json: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (json[at] === BACKSLASH) return true
  return false
}

function isAscii(json: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((json[at] as number) >= FIRST_NOT_ASCII) return false
  return true
}

/** The end of any value. It uses its own stack, so deep nesting cannot overflow the call stack. */
export function endOfValue(json: Buffer, start: number, watch?: MemberWatch): number {
  const closers: number[] = []
  let at = start
  while (true) {
    const byte = json[at]
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      const closer = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
      at = skipSpace(json, at + 1)
      if (json[at] === closer) {
        at++
      } else {
        closers.push(closer)
        if (closer === CLOSE_BRACE) at = skipKey(json, at, watch)
        if (at === INVALID) return INVALID
        continue
      }
    } else {
      at = byte === QUOTE ? skipString(json, at) : skipNumberOrLiteral(json, at)
      if (at === INVALID) return INVALID
    }
    // A value has ended: close the objects and arrays that end with it, then go to the next value.
    while (true) {
      const closer = closers.at(-1)
      if (closer === undefined) return at
      at = skipSpace(json, at)
      if (json[at] === closer) {
        closers.pop()
        at++
        continue
      }
      if (json[at] !== COMMA) return INVALID
      at = skipSpace(json, at + 1)
      if (closer === CLOSE_BRACE) at = skipKey(json, at, watch)
      if (at === INVALID) return INVALID
      break
    }
  }
}

/** From a key to the start of its value. */
function skipKey(json: Buffer, start: number, watch: MemberWatch | undefined): number {
  const end = skipString(json, start)
  return end === INVALID ? INVALID : skipColon(json, start, end, watch)
}

/** From the end of the key at [start, end) to the start of its value. */
export function skipColon(json: Buffer, start: number, end: number, watch?: MemberWatch): number {
  const colon = skipSpace(json, end)
  if (json[colon] !== COLON) return INVALID
  const at = skipSpace(json, colon + 1)
  if (watch && !watch.isSeen && json[at] !== LOWER_N) {
    watch.isSeen = watch.names.find(json, start, end) !== undefined
  }
  return at
}

/** The end of the string literal at `start`; -1 if none is there. */
export function skipString(json: Buffer, start: number): number {
  if (json[start] !== QUOTE) return INVALID
  let at = start + 1
  while (true) {
    at = skipPlain(json, at)
    const byte = json[at]
    if (byte === QUOTE) return at + 1
    if (byte !== BACKSLASH) return INVALID
    at++
    if (json[at] === LOWER_U) {
      if (!/^[0-9a-fA-F]{4}$/.test(json.toString('latin1', at + 1, at + 5))) return INVALID
      at += 5
    } else if (isSimpleEscape(json[at])) {
      at++
    } else {
      return INVALID
    }
  }
}

const SIMPLE_ESCAPES = new Set(Buffer.from('"\\/bfnrt'))

function isSimpleEscape(byte: number | undefined): boolean {
  return byte !== undefined && SIMPLE_ESCAPES.has(byte)
}

function skipNumberOrLiteral(json: Buffer, start: number): number {
  const byte = json[start]
  if (byte === MINUS || isDigit(byte)) return skipNumber(json, start)
  const literal = LITERALS[byte ?? 0]
  if (literal === undefined) return INVALID
  const end = start + literal.length
  return json.toString('latin1', start, end) === literal ? end : INVALID
}

function skipNumber(json: Buffer, start: number): number {
  let at = json[start] === MINUS ? start + 1 : start
  if (!isDigit(json[at])) return INVALID
  at = json[at] === ZERO ? at + 1 : skipDigits(json, at)
  if (json[at] === POINT) {
    if (!isDigit(json[at + 1])) return INVALID
    at = skipDigits(json, at + 1)
  }
  if (json[at] === LOWER_E || json[at] === UPPER_E) {
    at++
    if (json[at] === PLUS || json[at] === MINUS) at++
    if (!isDigit(json[at])) return INVALID
    at = skipDigits(json, at)
  }
  return at
}

function skipDigits(json: Buffer, start: number): number {
  let at = start
  while (isDigit(json[at])) at++
  return at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

/** A read beyond the end would make all reads slow, here and where this is inlined: a fifth of a scan. */
export function skipSpace(json: Buffer, start: number): number {
  const { length } = json
  let at = start
  while (at < length && isSpace(json[at] as number)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte <= SPACE && (byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB)
}
