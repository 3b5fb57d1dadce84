import type { ByteSink } from './byte-sink.ts'
import { InvalidJson } from './invalid-json.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PRINTABLE = 0x20
const LETTER_U = 0x75
/** Escapes that the canonical form writes as they are: `\" \\ \b \f \n \r \t`. */
const KEPT_ESCAPES = new Set([...'"\\bfnrt'].map((letter) => letter.charCodeAt(0)))
const SHORT_ESCAPES = new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
])
const HEX_DIGITS = 4

/**
 * Copies the string whose opening quote is at `at` in canonical form and returns where it ends. Only `\" \\ \b \t \n \f
 * \r`, other control characters and lone surrogates (as `\udXXX`) stay escaped.
 */
export function writeString(source: Buffer, at: number, end: number, sink: ByteSink): number {
  let runStart = at
  let i = at + 1
  while (i < end) {
    const byte = source[i] as number
    if (byte === QUOTE) {
      sink.run(source, runStart, i + 1)
      return i + 1
    }
    if (byte === BACKSLASH) {
      const letter = source[i + 1] as number
      if (KEPT_ESCAPES.has(letter)) i += 2
      else {
        sink.run(source, runStart, i)
        i = writeEscape(source, i, end, sink)
        runStart = i
      }
    } else if (byte < FIRST_PRINTABLE) throw new InvalidJson('control character in a string', i)
    else i++
  }
  throw new InvalidJson('unterminated string', at)
}

function writeEscape(source: Buffer, at: number, end: number, sink: ByteSink): number {
  const letter = source[at + 1]
  if (letter === 0x2f) {
    sink.byte(0x2f)
    return at + 2
  }
  if (letter !== LETTER_U) throw new InvalidJson('unknown escape', at)
  const first = hexUnit(source, at, end)
  const after = at + 2 + HEX_DIGITS
  if (isHighSurrogate(first) && source[after] === BACKSLASH && source[after + 1] === LETTER_U) {
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

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff

/**
 * Order of two canonical strings by code point of what they mean, which for text without escapes is the order of its
 * bytes. Both with their quotes.
 */
export function compareStrings(a: Buffer, b: Buffer): number {
  if (!a.includes(BACKSLASH) && !b.includes(BACKSLASH)) return a.compare(b, 1, b.length - 1, 1, a.length - 1)
  const [left, right] = [codePoints(a), codePoints(b)]
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function codePoints(text: Buffer): number[] {
  const value: string = JSON.parse(text.toString('utf8'))
  return [...value].map((character) => character.codePointAt(0) as number)
}
