import { BACKSLASH, QUOTE } from '../../kit/ascii.ts'

/** Bytes of a message itself, and after them bytes of one of its texts. Offsets in bytes, from 0. */
export interface Piece {
  ownStart: number
  ownEnd: number
  /** Which text; -1 for none after the last piece. */
  text: number
  start: number
  size: number
}

/** Of a message that is stored as it is. */
export const NO_PIECES: readonly Piece[] = []

/** Shorter strings are not looked for. */
const MIN_STRING_BYTES = 32
/** Nor is one of many: so a large message is looked through only this many times. */
const MAX_STRINGS = 32
/** What a piece takes in its table, roughly. */
const PIECE_BYTES = 24

/**
 * Takes a canonical message apart into what it shares with its texts, and the rest: strings are written in the same way in
 * both.
 * @returns none if that saves nothing
 */
export function textPieces(json: Buffer, texts: readonly Buffer[]): Piece[] {
  const pieces: Piece[] = []
  let ownStart = 0
  let sharedBytes = 0
  for (const { start, end } of longStrings(json)) {
    const found = findIn(texts, json.subarray(start, end))
    if (!found) continue
    pieces.push({ ownStart, ownEnd: start, ...found, size: end - start })
    ownStart = end
    sharedBytes += end - start
  }
  pieces.push({ ownStart, ownEnd: json.length, text: -1, start: 0, size: 0 })
  return sharedBytes > pieces.length * PIECE_BYTES ? pieces : []
}

function findIn(texts: readonly Buffer[], bytes: Buffer): { text: number; start: number } | undefined {
  for (const [text, json] of texts.entries()) {
    const start = json.indexOf(bytes)
    if (start >= 0) return { text, start }
  }
  return undefined
}

/** What is between the quotes. */
function* longStrings(json: Buffer): Generator<{ start: number; end: number }> {
  const leastBytes = Math.max(MIN_STRING_BYTES, json.length / MAX_STRINGS)
  for (let start = json.indexOf(QUOTE) + 1; start > 0; ) {
    let end = json.indexOf(QUOTE, start)
    while (isEscaped(json, end)) end = json.indexOf(QUOTE, end + 1)
    if (end - start >= leastBytes) yield { start, end }
    start = json.indexOf(QUOTE, end + 1) + 1
  }
}

function isEscaped(json: Buffer, quote: number): boolean {
  let backslashes = 0
  while (json[quote - 1 - backslashes] === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}
