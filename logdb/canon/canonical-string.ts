import { BACKSLASH, CARRIAGE_RETURN, LINE_FEED, LOWER_U, QUOTE, SLASH, SPACE, TAB } from '../../kit/ascii.ts'
import type { ByteSink } from './byte-sink.ts'
import { InvalidJson } from './invalid-json.ts'

const BACKSPACE = 0x08
const FORM_FEED = 0x0c
const FIRST_PRINTABLE = SPACE
const SHORT_ESCAPES = new Map([
  [BACKSPACE, '\\b'],
  [TAB, '\\t'],
  [LINE_FEED, '\\n'],
  [FORM_FEED, '\\f'],
  [CARRIAGE_RETURN, '\\r'],
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
])
const HEX_DIGITS = 4

/** What a byte means within a string. */
const PLAIN = 0
const ENDS = 1
const ESCAPES = 2
const FORBIDDEN = 3
const MEANING = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return ENDS
  if (byte === BACKSLASH) return ESCAPES
  return byte < FIRST_PRINTABLE ? FORBIDDEN : PLAIN
})
/** Letters of the escapes that the canonical form writes as they are: `\" \\ \b \f \n \r \t`. */
const IS_KEPT_ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number('"\\bfnrt'.includes(String.fromCharCode(byte))),
)

/**
 * Copies the string whose opening quote is at `at` in canonical form and returns where it ends. Only `\" \\ \b \t \n \f
 * \r`, other control characters and lone surrogates (as `\udXXX`) stay escaped.
 */
export function writeString(source: Buffer, at: number, sink: ByteSink): number {
  const end = source.length
  let runStart = at
  let i = at + 1
  while (i < end) {
    while (i + 3 < end && arePlain(source, i)) i += 4
    const meaning = MEANING[source[i] as number]
    if (meaning === PLAIN) i++
    else if (meaning === ENDS) {
      sink.run(source, runStart, i + 1)
      return i + 1
    } else if (meaning === FORBIDDEN) throw new InvalidJson('control character in a string', i)
    else if (IS_KEPT_ESCAPE[source[i + 1] as number] === 1) i += 2
    else {
      sink.run(source, runStart, i)
      i = writeEscape(source, i, end, sink)
      runStart = i
    }
  }
  throw new InvalidJson('unterminated string', at)
}

/** True if the four bytes from `at` on are just text; four at a time are faster than one. */
function arePlain(source: Buffer, at: number): boolean {
  const first = (MEANING[source[at] as number] as number) | (MEANING[source[at + 1] as number] as number)
  return (
    (first | (MEANING[source[at + 2] as number] as number) | (MEANING[source[at + 3] as number] as number)) === PLAIN
  )
}

function writeEscape(source: Buffer, at: number, end: number, sink: ByteSink): number {
  const letter = source[at + 1]
  if (letter === SLASH) {
    sink.byte(SLASH)
    return at + 2
  }
  if (letter !== LOWER_U) throw new InvalidJson('unknown escape', at)
  const first = hexUnit(source, at, end)
  const after = at + 2 + HEX_DIGITS
  if (isHighSurrogate(first) && source[after] === BACKSLASH && source[after + 1] === LOWER_U) {
    const second = hexUnit(source, after, end)
    if (isLowSurrogate(second)) {
      sink.text(String.fromCharCode(first, second))
      return after + 2 + HEX_DIGITS
    }
  }
  sink.text(canonicalUnit(first))
  return after
}

function hexUnit(source: Buffer, at: number, end: number): number {
  const digits = at + 2 + HEX_DIGITS <= end ? source.toString('latin1', at + 2, at + 2 + HEX_DIGITS) : ''
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new InvalidJson('incomplete \\u escape', at)
  return Number.parseInt(digits, 16)
}

function canonicalUnit(unit: number): string {
  const short = SHORT_ESCAPES.get(unit)
  if (short !== undefined) return short
  if (unit < FIRST_PRINTABLE || isHighSurrogate(unit) || isLowSurrogate(unit)) {
    return `\\u${unit.toString(16).padStart(HEX_DIGITS, '0')}`
  }
  return String.fromCharCode(unit)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/**
 * Order of two canonical strings in a buffer, with their quotes, by code point of what they mean; for text without
 * escapes that is the order of its bytes.
 */
export function compareKeys(bytes: Buffer, aStart: number, aEnd: number, bStart: number, bEnd: number): number {
  const shared = Math.min(aEnd - aStart, bEnd - bStart) - 1
  for (let i = 1; i < shared; i++) {
    const [left, right] = [bytes[aStart + i] as number, bytes[bStart + i] as number]
    if (left === BACKSLASH || right === BACKSLASH) return compareMeaning(bytes, aStart, aEnd, bStart, bEnd)
    if (left !== right) return left - right
  }
  return aEnd - aStart - (bEnd - bStart)
}

function compareMeaning(bytes: Buffer, aStart: number, aEnd: number, bStart: number, bEnd: number): number {
  const [left, right] = [
    codePoints(bytes.toString('utf8', aStart, aEnd)),
    codePoints(bytes.toString('utf8', bStart, bEnd)),
  ]
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function codePoints(text: string): number[] {
  const value: string = JSON.parse(text)
  return [...value].map((character) => character.codePointAt(0) as number)
}
