/** What may be before the sign of an address, by RFC 5322, in addition to letters and digits. */
const SIGNS = new Set("!#$%&'*+-/=?^_`{|}~.")
/** These separate the parts of a URL: inside of a part, a program that escapes the sign escapes them too. */
const SEPARATORS = new Set('/=&?#')
const LETTER_OR_DIGIT = /[\p{L}\p{N}_]/u
const ASCII_LETTER_OR_DIGIT = /[\dA-Za-z]/
/** The first character that is not of an alphabet whose words have spaces between them. */
const FIRST_WITHOUT_SPACES = 0x0590
const FIRST_OF_UTF8 = 0x80

const ESCAPE = /%((?:25){0,3})([\da-f]{2})$/i
const MAX_ESCAPE = 9
/** Those that programs write for what an address may hold. */
const ENTITY =
  /&(?:#0{0,4}(\d{1,3})|#x0{0,4}([\da-f]{1,2})|amp|apos|([a-z]{1,2})(?:uml|acute|grave|circ|tilde|ring|cedil|slash|lig));$/i
const ENTITIES = new RegExp(ENTITY.source.slice(0, -1), 'gi')
const MAX_ENTITY = 12

/** One character of the part before the sign, which may be written as several. */
interface LocalCharacter {
  length: number
  /** Other characters before it are more often quotes, marks of lists or the like than a part of the address. */
  mayBegin: boolean
}

/**
 * The character that ends here, if it may belong to an address.
 * @param depth how many times the sign is escaped as in a URL
 */
export function localCharacterBefore(text: string, end: number, depth: number): LocalCharacter | undefined {
  const char = text[end - 1] as string
  if (char === ';') return entityBefore(text, end)
  const sequence = depth > 0 ? ESCAPE.exec(text.slice(Math.max(0, end - MAX_ESCAPE), end)) : null
  if (sequence) return escaped(sequence, depth)
  const isSeparator = depth > 0 && SEPARATORS.has(char)
  return isLocal(char) && !isSeparator ? { length: 1, mayBegin: LETTER_OR_DIGIT.test(char) } : undefined
}

function escaped([sequence, levels = '', hex = '']: RegExpExecArray, depth: number): LocalCharacter | undefined {
  const code = Number.parseInt(hex, 16)
  if (code >= FIRST_OF_UTF8) return { length: sequence.length, mayBegin: true }
  const char = String.fromCharCode(code)
  const isSeparator = levels.length / 2 + 1 < depth && SEPARATORS.has(char)
  return isLocal(char) && !isSeparator ? { length: sequence.length, mayBegin: LETTER_OR_DIGIT.test(char) } : undefined
}

function entityBefore(text: string, end: number): LocalCharacter | undefined {
  const found = ENTITY.exec(text.slice(Math.max(0, end - MAX_ENTITY), end))
  if (!found) return undefined
  const char = plainEntity(...(found as unknown as [string]))
  return isLocal(char) ? { length: found[0].length, mayBegin: LETTER_OR_DIGIT.test(char) } : undefined
}

function plainEntity(entity: string, decimal?: string, hex?: string, letters?: string): string {
  if (decimal !== undefined) return String.fromCharCode(Number(decimal))
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
  return letters ?? (entity.toLowerCase() === '&amp;' ? '&' : "'")
}

function isLocal(char: string): boolean {
  const code = char.charCodeAt(0)
  if (code < FIRST_OF_UTF8) return ASCII_LETTER_OR_DIGIT.test(char) || SIGNS.has(char)
  return code < FIRST_WITHOUT_SPACES && /\p{L}/u.test(char)
}

/** The part before the sign without escapes, and without a name as in `to=`: the same for addresses that are meant the same. */
export function plainLocalPart(local: string, depth: number): string {
  let plain = local.replace(ENTITIES, plainEntity)
  for (let level = 0; level < depth; level++) plain = withoutEscapes(plain)
  return plain.replace(/^[\w.-]+=(?=[\w.+-]+$)/, '')
}

function withoutEscapes(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
