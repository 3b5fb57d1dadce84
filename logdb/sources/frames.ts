import { CARRIAGE_RETURN, LINE_FEED, NINE, OPEN_BRACE, SPACE, TAB, ZERO } from '../../kit/ascii.ts'
import type { LogFormat } from './find.ts'

/** A stretch of a log: a record's JSON, text that is not a record, or a record that cannot be read. */
export type Frame =
  | { kind: 'record'; end: number; jsonStart: number; jsonEnd: number }
  | { kind: 'ignored'; end: number }
  | { kind: 'corrupt'; end: number; reason: string }

/**
 * What follows the available bytes: `more` of the file, nothing yet because the file is `growing`, or `nothing` at all.
 */
export type Following = 'more' | 'growing' | 'nothing'

export const CUT_OFF = 'record is cut off by the next one'

/** Finds the frame that starts at `from`, the start of a line. Undefined if more bytes are needed to decide. */
export type FindFrame = (bytes: Buffer, from: number, following: Following) => Frame | undefined

const NUL = 0
/** Some programs write it before UTF-8. */
const BYTE_ORDER_MARK = Buffer.from('\uFEFF')

/** False if what starts at `from` cannot be a record, whatever follows. */
export function isRecord(format: LogFormat, bytes: Buffer, from: number): boolean {
  return format === 'jsonl' || headerLength(bytes, from) > 0
}

/**
 * Where reading continues after a record, or other text, that is too long to be kept in memory; `from` is anywhere in it.
 * Undefined if that is not within these bytes; the last of them may begin a header.
 */
export function afterOverlong(format: LogFormat, bytes: Buffer, from: number, wasRecord: boolean): number | undefined {
  if (format === 'predecessor' && wasRecord) return nextHeader(bytes, from, bytes.length)
  const newline = bytes.indexOf(LINE_FEED, from)
  return newline < 0 ? undefined : newline + 1
}

/**
 * A log that is truncated while a program writes to it begins with NULs up to where that program was, and its next record
 * follows them on the same line.
 */
function nuls(bytes: Buffer, from: number): Frame {
  let end = from
  while (bytes[end] === NUL) end++
  return { kind: 'ignored', end }
}

/** JSON Lines: a record ends with its newline. */
export function findLine(bytes: Buffer, from: number, following: Following): Frame | undefined {
  if (bytes[from] === NUL) return nuls(bytes, from)
  const end = lineEnd(bytes, from, following)
  if (end === undefined) return undefined
  if (isBlank(bytes, from, end)) return { kind: 'ignored', end }
  return { kind: 'record', end, jsonStart: from + markLength(bytes, from), jsonEnd: end }
}

const HEADER = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:,\d+)? - [A-Z]+ - /
const LATE_HEADER = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:,\d+)? - [A-Z]+ - \{$/
const LONGEST_HEADER_BYTES = 64
/** Years 2000 to 2999. Pretty JSON never has a digit in column 0, so this finds a header that cuts a record off. */
const HEADER_START = Buffer.from('\n2')
const CLOSING_LINE = Buffer.from('\n}')

/**
 * The predecessor's logs: a header line that ends in `{`, pretty JSON, `}` in column 0. A header cannot stand inside a
 * record, because strings hold no raw newlines, so after damage reading continues at the next header.
 */
export function findBlock(bytes: Buffer, from: number, following: Following): Frame | undefined {
  if (bytes[from] === NUL) return nuls(bytes, from)
  const end = lineEnd(bytes, from, following)
  if (end === undefined) return undefined
  const header = headerLength(bytes, from)
  const jsonStart = from + header
  if (header === 0 || bytes[jsonStart] !== OPEN_BRACE) return foreignLines(bytes, from, end, following)
  const late = lateHeader(bytes, from, end)
  if (late !== undefined) return { kind: 'corrupt', end: late, reason: CUT_OFF }
  if (!isBlank(bytes, jsonStart + 1, end)) return { kind: 'record', end, jsonStart, jsonEnd: end }
  return blockOf(bytes, jsonStart, following)
}

function blockOf(bytes: Buffer, jsonStart: number, following: Following): Frame | undefined {
  const close = closingLine(bytes, jsonStart, following)
  const next = nextHeader(bytes, jsonStart, close ?? bytes.length)
  if (next !== undefined) return { kind: 'corrupt', end: next, reason: CUT_OFF }
  if (close === undefined) {
    if (following !== 'nothing') return undefined
    return { kind: 'corrupt', end: bytes.length, reason: 'record is cut off by the end of the file' }
  }
  const jsonEnd = close + CLOSING_LINE.length
  return { kind: 'record', end: lineEnd(bytes, jsonEnd, 'nothing') ?? jsonEnd, jsonStart, jsonEnd }
}

/** Position of the newline before a line that is only `}`. */
function closingLine(bytes: Buffer, from: number, following: Following): number | undefined {
  let at = bytes.indexOf(CLOSING_LINE, from)
  while (at >= 0) {
    const after = at + CLOSING_LINE.length
    const next = bytes[after]
    if (next === LINE_FEED || next === CARRIAGE_RETURN || (next === undefined && following !== 'more')) return at
    at = bytes.indexOf(CLOSING_LINE, after)
  }
  return undefined
}

function nextHeader(bytes: Buffer, from: number, to: number): number | undefined {
  let at = bytes.indexOf(HEADER_START, from)
  while (at >= 0 && at < to) {
    if (headerLength(bytes, at + 1) > 0) return at + 1
    at = bytes.indexOf(HEADER_START, at + 1)
  }
  return undefined
}

/** All whole lines up to the next header, which may stand within a line, or to what remains of a record. */
function foreignLines(bytes: Buffer, from: number, firstEnd: number, following: Following): Frame | undefined {
  let [start, end] = [from, firstEnd]
  for (;;) {
    const rest = remainder(bytes, start, end)
    if (rest) return start === from ? rest : { kind: 'ignored', end: start }
    const late = lateHeader(bytes, start, end)
    if (late !== undefined) return { kind: 'ignored', end: late }
    if (isOnlyBrace(bytes, start, end)) {
      const close = endOfJson(bytes, end, following)
      if (close === undefined) return start === from ? undefined : { kind: 'ignored', end: start }
      end = close
    }
    const next = headerLength(bytes, end) > 0 ? -1 : bytes.indexOf(LINE_FEED, end)
    if (next < 0) return { kind: 'ignored', end }
    start = end
    end = next + 1
  }
}

/** JSON without a header, which other logs of the predecessor hold, is not a record; undefined if its end is not known yet. */
function endOfJson(bytes: Buffer, from: number, following: Following): number | undefined {
  const close = closingLine(bytes, from, following)
  const next = nextHeader(bytes, from, close ?? bytes.length)
  if (next !== undefined) return next
  if (close !== undefined) return lineEnd(bytes, close + CLOSING_LINE.length, 'nothing')
  return following === 'nothing' ? bytes.length : undefined
}

const HEADER_CUT = 'the header of a record is cut off'
const BEGINNING_CUT = 'the beginning of a record is cut off'
/** Members that only records have, as they stand in the predecessor's pretty JSON. */
const MEMBER_OF_RECORD = /^ {2}"(?:timestamp|endpoint|request|response|status_code|latency_ms|api_key_hash)": /
const LONGEST_MEMBER_BYTES = 24

/** What remains of a record without its beginning, or of a header without its record, if one starts at this line. */
function remainder(bytes: Buffer, start: number, end: number): Frame | undefined {
  if (bytes[start] === SPACE) {
    if (!MEMBER_OF_RECORD.test(bytes.toString('latin1', start, start + LONGEST_MEMBER_BYTES))) return undefined
    const close = closingLine(bytes, start, 'nothing') ?? bytes.length
    const next = nextHeader(bytes, start, close)
    const after = Math.min(bytes.length, close + CLOSING_LINE.length)
    return { kind: 'corrupt', end: next ?? lineEnd(bytes, after, 'nothing') ?? after, reason: BEGINNING_CUT }
  }
  const late = lateHeader(bytes, start, end)
  if (!isCutHeader(bytes, start, late ?? end)) return undefined
  return { kind: 'corrupt', end: late ?? end, reason: late === undefined ? HEADER_CUT : CUT_OFF }
}

const SHORTEST_CUT_BYTES = 5
const SAMPLE_TIME = '2025-09-10 14:00:00'
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/
const CUT_AFTER_TIME = /^(?:,\d*)?(?: (?:-(?: (?:[A-Z]+(?: (?:- ?)?)?)?)?)?)?$/

/** True for a line, or its beginning, that is a header up to some character and nothing else. */
function isCutHeader(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] as number
  if (first < ZERO || first > NINE || end - start > LONGEST_HEADER_BYTES) return false
  const text = bytes.toString('latin1', start, end).replace(/[\r\n]+$/, '')
  if (text.length < SHORTEST_CUT_BYTES) return false
  const time = text.slice(0, SAMPLE_TIME.length)
  return TIME.test(time + SAMPLE_TIME.slice(time.length)) && CUT_AFTER_TIME.test(text.slice(SAMPLE_TIME.length))
}

function isOnlyBrace(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === OPEN_BRACE && isBlank(bytes, start + 1, end)
}

/**
 * Where the next record begins in bytes that are not JSON, after a record that its writer had begun when it was killed. JSON
 * never holds a line that ends in a header.
 */
export function recordWithin(bytes: Buffer): { start: number; jsonStart: number } | undefined {
  for (let from = 0; from < bytes.length; ) {
    const end = lineEnd(bytes, from, 'nothing') ?? bytes.length
    const start = lateHeader(bytes, from, end)
    if (start !== undefined) return { start, jsonStart: start + headerLength(bytes, start) }
    from = end
  }
  return undefined
}

/** Position of a header that opens a record at the end of a line, after other text. */
function lateHeader(bytes: Buffer, lineStart: number, end: number): number | undefined {
  const brace = bytes[end - 2] === CARRIAGE_RETURN ? end - 3 : end - 2
  if (bytes[brace] !== OPEN_BRACE) return undefined
  const from = Math.max(lineStart + markLength(bytes, lineStart) + 1, brace + 1 - LONGEST_HEADER_BYTES)
  const match = LATE_HEADER.exec(bytes.toString('latin1', from, brace + 1))
  return match ? from + match.index : undefined
}

/** Includes a byte order mark before it. */
function headerLength(bytes: Buffer, at: number): number {
  const mark = markLength(bytes, at)
  const first = bytes[at + mark]
  if (first === undefined || first < ZERO || first > NINE) return 0
  const header = HEADER.exec(bytes.toString('latin1', at + mark, at + mark + LONGEST_HEADER_BYTES))
  return header ? mark + header[0].length : 0
}

function markLength(bytes: Buffer, at: number): number {
  if (bytes[at] !== BYTE_ORDER_MARK[0]) return 0
  const { length } = BYTE_ORDER_MARK
  return bytes.subarray(at, at + length).equals(BYTE_ORDER_MARK) ? length : 0
}

/** The end of a line, after its newline. */
function lineEnd(bytes: Buffer, from: number, following: Following): number | undefined {
  const newline = bytes.indexOf(LINE_FEED, from)
  if (newline >= 0) return newline + 1
  return following === 'nothing' ? bytes.length : undefined
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) return false
  }
  return true
}
