import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from '../../kit/ascii.ts'
import type { MemberNames } from './member-names.ts'
import { type Slice, skipString } from './scan.ts'

/** A value at a member with a name that was looked for, or an element of an array there. */
export interface NamedValue extends Slice {
  name: string
  /** The name of the member that holds the object of this member, also as an element of an array. */
  holder: string | undefined
  /** The same number for all members of one object. */
  object: number
}

/** An object or an array that is open. */
interface Level {
  isObject: boolean
  object: number
  holder: string | undefined
  /** Of the member that is read now; an array has that of its member. */
  name: string | undefined
}

/**
 * The values at members with these names, at any depth, in bytes that are known to be JSON. A name that occurs more than once
 * in an object is found each time. Of an object or an array, the slice is only the first byte.
 */
export function* namedValues(json: Buffer, names: MemberNames): Generator<NamedValue> {
  const levels: Level[] = []
  let level: Level = { isObject: false, object: 0, holder: undefined, name: undefined }
  let objects = 0
  let isAtKey = false
  for (let at = 0; at < json.length; ) {
    const byte = json[at] as number
    const end = endOfToken(json, at)
    if (byte === QUOTE && isAtKey) {
      level.name = names.find(json, at, end)
      isAtKey = false
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      level = levels.pop() ?? level
      isAtKey = false
    } else if (byte === COMMA) {
      isAtKey = level.isObject
    } else if (byte > SPACE && byte !== COLON) {
      const { name, holder, object } = level
      if (name !== undefined) yield { name, holder, object, start: at, end }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        levels.push(level)
        isAtKey = byte === OPEN_BRACE
        level = isAtKey
          ? { isObject: true, object: ++objects, holder: name, name: undefined }
          : { isObject: false, object, holder, name }
      }
    }
    at = end
  }
}

function endOfToken(json: Buffer, start: number): number {
  if (json[start] === QUOTE) return skipString(json, start)
  let at = start
  while (isOfWord(json[at])) at++
  return at === start ? start + 1 : at
}

/** Whether the byte is of a number or of a literal. */
function isOfWord(byte: number | undefined): boolean {
  return byte !== undefined && WORD[byte] === 1
}

const WORD = new Uint8Array(256)
for (const byte of Buffer.from('0123456789+-.eEtrufalsn')) WORD[byte] = 1
