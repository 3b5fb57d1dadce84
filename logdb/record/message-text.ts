import { canonicalJson } from '../canon/canonical-reader.ts'
import type { Item } from './body.ts'

/** What of a message is searched. */
export interface MessageText {
  role: string
  text: string
  /** True if role and text are just the message's `role` and `content`, so that SQL can get them from it. */
  isPlain: boolean
}

/** Members that hold what somebody said, called or got back, in the order in which it reads best. */
const TEXT_MEMBERS = [
  'reasoning_content',
  'reasoning',
  'thinking',
  'summary',
  'content',
  'parts',
  'text',
  'refusal',
  'tool_calls',
  'function_call',
  'functionCall',
  'functionResponse',
  'function',
  'output',
  'response',
] as const
/** Members of a tool call; its name counts only beside them. */
const ARGUMENT_MEMBERS = ['arguments', 'args', 'input'] as const

/** Lone surrogates and NUL, which SQLite's text cannot hold or stops at. */
const NOT_STORABLE = /[\p{Surrogate}\0]/gu

/** Undefined if there is nothing to search, as in a message that is only an image. */
export function messageText({ json, role: defaultRole }: Item): MessageText | undefined {
  const { value, isStandard } = parse(json)
  const found = texts(value).join('\n')
  if (found.trim() === '') return undefined
  const role = roleOf(value, defaultRole)
  const text = found.replace(NOT_STORABLE, '\uFFFD')
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

function roleOf(value: unknown, defaultRole: string): string {
  const role = isObject(value) ? value['role'] : undefined
  if (typeof role !== 'string' || role === '') return defaultRole
  return role === 'model' ? 'assistant' : role
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (Array.isArray(value)) return value.flatMap(texts)
  if (!isObject(value)) return []
  return [...TEXT_MEMBERS.flatMap((name) => texts(value[name])), ...callTexts(value)]
}

function callTexts(value: Record<string, unknown>): string[] {
  const name = ARGUMENT_MEMBERS.find((candidate) => value[candidate] !== undefined)
  if (name === undefined) return []
  const given = value[name]
  return [...texts(value['name']), ...(typeof given === 'string' ? texts(given) : [JSON.stringify(given)])]
}

/** Only scalars beside `content`: SQLite's JSON functions have a limit of depth. */
function isPlain(value: unknown, role: string, text: string): boolean {
  if (!isObject(value) || value['content'] !== text || value['role'] !== role) return false
  return Object.values(value).every((member) => typeof member !== 'object' || member === null || isEmptyArray(member))
}

const isEmptyArray = (value: object) => Array.isArray(value) && value.length === 0

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
