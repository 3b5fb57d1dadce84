import { BACKSLASH } from '../../kit/ascii.ts'

/** Longer names are not looked for. */
const MAX_LENGTH = 32
const FIRST_NOT_ASCII = 0x80
/** The bits of a letter that are the same in both cases. */
const LETTER_BITS = 0x1f

/**
 * Names of members of JSON, which are ASCII. They are found in any case, because some readers of JSON, such as Go's, do not
 * distinguish cases.
 */
export class MemberNames {
  readonly #byUpper: ReadonlyMap<string, string>
  /** 1 for each pair of a length and a first letter that a name has. */
  readonly #shapes = new Uint8Array((MAX_LENGTH + 1) * (LETTER_BITS + 1))

  constructor(names: readonly string[]) {
    this.#byUpper = new Map(names.map((name) => [name.toUpperCase(), name]))
    for (const name of names) this.#shapes[shapeOf(name.length, name.charCodeAt(0))] = 1
  }

  /** The name that the string literal at [start, end) means; undefined if it is another one. Most literals cost little. */
  find(json: Buffer, start: number, end: number): string | undefined {
    if (!isPlain(json, start + 1, end - 1)) {
      const text: string = JSON.parse(json.toString('utf8', start, end))
      return this.#byUpper.get(text.toUpperCase())
    }
    const length = end - start - 2
    if (length > MAX_LENGTH || this.#shapes[shapeOf(length, json[start + 1] as number)] !== 1) return undefined
    return this.#byUpper.get(json.toString('latin1', start + 1, end - 1).toUpperCase())
  }
}

function shapeOf(length: number, firstLetter: number): number {
  return length * (LETTER_BITS + 1) + (firstLetter & LETTER_BITS)
}

/** Whether the bytes are ASCII without escapes. */
function isPlain(json: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = json[at] as number
    if (byte === BACKSLASH || byte >= FIRST_NOT_ASCII) return false
  }
  return true
}
