import { BACKSLASH, LOWER_U, QUOTE, SPACE } from '../../kit/ascii.ts'
import { isObject } from '../../kit/json.ts'
import { canonicalJson } from '../canon/canonical-reader.ts'
import { storableText } from '../canon/utf8.ts'
import type { Item } from './body.ts'

/** The searchable part of a message. */
export interface MessageText {
  /** user, assistant, system, developer, tool, or another role that the message names. */
  role: string
  text: string
  /** True if role and text are exactly the message's `role` and `content`, so that SQL can read them from it. */
  isPlain: boolean
}

/** Members that hold what was said, called or returned, in the best order to read them. */
const TEXT_MEMBERS = [
  'reasoning_content',
  'reasoning',
  'thinking',
  'summary',
  'title',
  'content',
  'parts',
  'text',
  'refusal',
  'audio',
  'transcript',
  'tool_calls',
  'function_call',
  'functionCall',
  'functionResponse',
  'function',
  'executableCode',
  'code',
  'codeExecutionResult',
  'output',
  'outputs',
  'logs',
] as const
const TEXT_RANKS = new Map<string, number>(TEXT_MEMBERS.map((name, rank) => [name, rank]))
/** Members with what a tool was given or gave back, in any form; its name is searched only next to them. */
const DATA_MEMBERS = ['arguments', 'args', 'input', 'response'] as const
/** Data below is not searched. */
const MAX_DATA_DEPTH = 100

const PLAIN_START = Buffer.from('{"content": "')
const END_OF_TEXT = Buffer.from('", "')
const PLAIN_END = /^role": "(?!model")[a-z]+"(?:, "tool_call_id": "[^"\\]*")?}$/
const UNICODE_ESCAPE = Buffer.from('\\u')
const SPACE_ESCAPES = Buffer.from('ntrf')
/** First bytes of U+00A0, U+1680, U+2000 to U+205F, U+3000 and U+FEFF. */
const BEGINS_SPACE = [0xc2, 0xe1, 0xe2, 0xe3, 0xef]

/**
 * True only if `messageText` would find the message plain: a role, and a text with a visible character. Most messages are,
 * and this check is much faster.
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

/** Undefined if there is nothing to search, as in a message that is only an image. */
export function messageText({ json, role: defaultRole }: Item): MessageText | undefined {
  const { value, isStandard } = parse(json)
  const found = texts(value).join('\n')
  if (found.trim() === '') return undefined
  const role = storableText(roleOf(value, defaultRole))
  const text = storableText(found)
  return { role, text, isPlain: isStandard && isPlain(value, role, text) }
}

function parse(json: Buffer): { value: unknown; isStandard: boolean } {
  try {
    return { value: JSON.parse(json.toString('utf8')), isStandard: true }
  } catch {
    const standard = canonicalJson(json, { nonFiniteAsNull: true })
    return { value: JSON.parse(standard.toString('utf8')), isStandard: false }
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

function rankOf(name: string): number {
  return TEXT_RANKS.get(name) ?? 0
}

function texts(value: unknown): string[] {
  const found: string[] = []
  collectTexts(value, found)
  return found
}

function collectTexts(value: unknown, found: string[]): void {
  if (typeof value === 'string') {
    if (value !== '') found.push(value)
  } else if (Array.isArray(value)) for (const element of value) collectTexts(element, found)
  else if (isObject(value)) {
    const names = Object.keys(value).filter((name) => TEXT_RANKS.has(name))
    if (names.length > 1) names.sort((a, b) => rankOf(a) - rankOf(b))
    for (const name of names) collectTexts(value[name], found)
    collectCall(value, found)
  }
}

function collectCall(value: Record<string, unknown>, found: string[]): void {
  const member = DATA_MEMBERS.find((name) => value[name] !== undefined)
  if (member === undefined) return
  collectTexts(value['name'], found)
  found.push(...dataTexts(parsedData(value[member]), 0))
}

/** What a tool was given or gave back, one value a line. */
export function dataText(data: unknown): string {
  return dataTexts(parsedData(data), 0).join('\n')
}

/** Arguments are mostly JSON within a text, where line breaks and often everything except ASCII are escaped. */
function parsedData(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

function dataTexts(value: unknown, depth: number): string[] {
  if (value === null || value === undefined || depth > MAX_DATA_DEPTH) return []
  if (Array.isArray(value)) return value.flatMap((element) => dataTexts(element, depth + 1))
  if (!isObject(value)) return value === '' ? [] : [String(value)]
  return Object.entries(value).flatMap(([name, member]) => {
    const [first, ...rest] = dataTexts(member, depth + 1)
    return first === undefined ? [name] : [`${name}: ${first}`, ...rest]
  })
}

/** Only scalars next to `content`, because SQLite's JSON functions have a limit of depth. */
function isPlain(value: unknown, role: string, text: string): boolean {
  if (!isObject(value) || value['content'] !== text || value['role'] !== role) return false
  return Object.values(value).every((member) => typeof member !== 'object' || member === null || isEmptyArray(member))
}

function isEmptyArray(value: object): boolean {
  return Array.isArray(value) && value.length === 0
}
