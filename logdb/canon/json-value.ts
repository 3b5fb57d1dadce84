import { LOWER_N, NINE, QUOTE, ZERO } from '../../kit/ascii.ts'
import { storableText } from './utf8.ts'

/** Whole numbers of at most this many digits are read in a loop. */
const FEW_DIGITS = 9

/** The value of canonical JSON at these bytes, a text as it can be stored; undefined if only Python calls it JSON. */
export function jsonValue(bytes: Buffer, start: number, end: number): unknown {
  const first = bytes[start]
  if (first === LOWER_N) return null
  const number = smallNumber(bytes, start, end)
  if (number !== undefined) return number
  const text = bytes.toString('utf8', start, end)
  if (first === QUOTE && !text.includes('\\')) return text.slice(1, -1)
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? storableText(value) : value
  } catch {
    return undefined
  }
}

function smallNumber(bytes: Buffer, start: number, end: number): number | undefined {
  if (end - start > FEW_DIGITS) return undefined
  let value = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte < ZERO || byte > NINE) return undefined
    value = value * 10 + byte - ZERO
  }
  return value
}
