import { LOWER_E, MINUS, NINE, POINT, UPPER_E, ZERO } from '../../kit/ascii.ts'

/** Decimals of at most this many digits are the shortest ones that read back as the same double. */
const MAX_DIGITS = 15
/** From here on, `0.0001`, Python writes no exponent. */
const MAX_ZEROS_AFTER_POINT = 3

export const NOT_PLAIN = -1

/**
 * Where the number at `at` ends if it is already canonical: a whole number, or a short decimal without exponent and
 * needless zeros. `NOT_PLAIN` for all others, well-formed or not.
 */
export function plainNumberEnd(source: Buffer, at: number): number {
  const first = source[at] === MINUS ? at + 1 : at
  const pointOrEnd = digitsEnd(source, first)
  const wholeDigits = pointOrEnd - first
  if (wholeDigits === 0 || (wholeDigits > 1 && source[first] === ZERO)) return NOT_PLAIN
  const next = source[pointOrEnd]
  if (next === UPPER_E || next === LOWER_E) return NOT_PLAIN
  if (next !== POINT) return source[first] === ZERO && first > at ? NOT_PLAIN : pointOrEnd
  return isPlainFraction(source, first, pointOrEnd + 1) ? digitsEnd(source, pointOrEnd + 1) : NOT_PLAIN
}

function isPlainFraction(source: Buffer, first: number, from: number): boolean {
  const end = digitsEnd(source, from)
  const next = source[end]
  const digits = end - from
  if (digits === 0 || next === UPPER_E || next === LOWER_E || end - first - 1 > MAX_DIGITS) return false
  if (source[end - 1] === ZERO && digits > 1) return false
  let firstNonZero = from
  while (source[firstNonZero] === ZERO) firstNonZero++
  return source[first] !== ZERO || digits === 1 || firstNonZero - from <= MAX_ZEROS_AFTER_POINT
}

function digitsEnd(source: Buffer, from: number): number {
  let end = from
  while ((source[end] as number) >= ZERO && (source[end] as number) <= NINE) end++
  return end
}
