import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from '../../kit/ascii.ts'
import { InvalidJson, MAX_DEPTH, nestedTooDeep } from './invalid-json.ts'

/** Where the value at `at` ends; it is not checked that the value is well-formed. @throws InvalidJson */
export function valueEnd(source: Buffer, at: number): number {
  const first = source[at]
  if (first === QUOTE) return stringEnd(source, at)
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return scalarEnd(source, at)
  let depth = 0
  for (let i = at; i < source.length; i++) {
    const byte = source[i]
    if (byte === QUOTE) i = stringEnd(source, i) - 1
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) throw nestedTooDeep(i)
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return i + 1
  }
  throw new InvalidJson('unterminated value', at)
}

/** After the closing quote of the string that starts at `at`. @throws InvalidJson */
export function stringEnd(source: Buffer, at: number): number {
  for (let i = at + 1; i < source.length; i++) {
    const byte = source[i] as number
    if (byte === QUOTE) return i + 1
    if (byte === BACKSLASH) i++
    else if (byte < SPACE) throw new InvalidJson('control character in a string', i)
  }
  throw new InvalidJson('unterminated string', at)
}

function scalarEnd(source: Buffer, at: number): number {
  let end = at
  while (end < source.length && !endsScalar(source[end] as number)) end++
  if (end === at) throw new InvalidJson('expected a value', at)
  return end
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= SPACE
}
