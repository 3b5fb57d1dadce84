import { BACKSLASH, LOWER_U, QUOTE, SPACE } from '../../kit/ascii.ts'
import { isObject } from '../../kit/json.ts'
import { canonicalJson } from '../canon/canonical-reader.ts'
import { storableText } from '../canon/utf8.ts'
import type { Item } from './body.ts'
import { errorParts, messageParts, type Part } from './message-parts.ts'

/** What clients seldom repeat with an answer. */
const ASIDE: readonly Part['kind'][] = ['reasoning', 'citation']

const PLAIN_START = Buffer.from('{"content": "')
const END_OF_TEXT = Buffer.from('", "')
const PLAIN_END = /^role": "(?!model")[a-z]+"(?:, "tool_call_id": "[^"\\]*")?}$/
const UNICODE_ESCAPE = Buffer.from('\\u')
const SPACE_ESCAPES = Buffer.from('ntrf')
/** First bytes of U+00A0, U+1680, U+2000 to U+205F, U+3000 and U+FEFF. */
const BEGINS_SPACE = [0xc2, 0xe1, 0xe2, 0xe3, 0xef]

/**
 * What is searched of a message, as messages that have only a role and a text: what it says, and apart from that its
 * reasoning and citations. So a message and its repetition in another form, as without empty members, have the same.
 * @param item canonical
 * @returns canonical messages; of one that has only these the same buffer, and none if there is nothing to search, as in a
 * message that is only an image
 */
export function messageTexts({ json, role: defaultRole }: Item): Buffer[] {
  if (isSurelyPlain(json)) return [json]
  const value = parse(json)
  const role = roleOf(value, defaultRole)
  const texts = textsOf(value, role).map((text) => plainMessage(storableText(role), text))
  return texts[0]?.equals(json) ? [json] : texts
}

/** What it says before the rest. */
function textsOf(value: unknown, role: string): string[] {
  const parts = role === 'error' ? errorParts(value) : messageParts(value, role)
  const shown = parts.filter(({ isMedia }) => !isMedia)
  const [said, aside] = [false, true].map((isAside) => shown.filter(({ kind }) => ASIDE.includes(kind) === isAside))
  return [said ?? [], aside ?? []].map(wordsOf).filter((text) => text.trim() !== '')
}

function wordsOf(parts: readonly Part[]): string {
  const words = parts.flatMap(({ name = '', text }) => [name, text].filter((one) => one !== ''))
  return storableText(words.join('\n'))
}

/** The canonical message of a role and a text without lone surrogates. */
function plainMessage(role: string, text: string): Buffer {
  return Buffer.from(`{"content": ${JSON.stringify(text)}, "role": ${JSON.stringify(role)}}`)
}

/**
 * True only for a message whose role and text are exactly its `role` and `content`, with a visible character, so that SQL can
 * read them from it. Most messages are, and this check is much faster than any other.
 */
export function isSurelyPlain(json: Buffer): boolean {
  const textAt = PLAIN_START.length
  if (json.length <= textAt || json.compare(PLAIN_START, 0, textAt, 0, textAt) !== 0) return false
  if (!isSurelyVisible(json, afterSpaces(json, textAt))) return false
  const end = json.indexOf(END_OF_TEXT, textAt)
  return end >= 0 && PLAIN_END.test(json.toString('latin1', end + END_OF_TEXT.length)) && !json.includes(UNICODE_ESCAPE)
}

/** After ASCII white space within a string. */
function afterSpaces(json: Buffer, from: number): number {
  let at = from
  for (;;) {
    if (json[at] === SPACE) at++
    else if (json[at] === BACKSLASH && SPACE_ESCAPES.includes(json[at + 1] as number)) at += 2
    else return at
  }
}

/** False for the end of the string, and for characters whose first byte one of Unicode's spaces has too. */
function isSurelyVisible(json: Buffer, at: number): boolean {
  const first = json[at] as number
  return first !== QUOTE && !(first === BACKSLASH && json[at + 1] === LOWER_U) && !BEGINS_SPACE.includes(first)
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'))
  } catch {
    return JSON.parse(canonicalJson(json, { nonFiniteAsNull: true }).toString('utf8'))
  }
}

/** Who speaks in a message or in an item of the Responses API. */
export function roleOf(value: unknown, defaultRole: string): string {
  if (!isObject(value)) return defaultRole
  const { role, type } = value
  if (typeof role === 'string' && role !== '') return role === 'model' ? 'assistant' : role
  return typeof type === 'string' ? roleOfType(type, defaultRole) : defaultRole
}

/** Items of the Responses API other than messages have no role: `function_call`, `function_call_output`, `reasoning`. */
function roleOfType(type: string, defaultRole: string): string {
  if (type.endsWith('_output')) return 'tool'
  return type.endsWith('_call') || type === 'reasoning' ? 'assistant' : defaultRole
}
