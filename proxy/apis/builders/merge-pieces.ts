import { isObject } from '../../../kit/json.ts'
import { isLargeInteger } from '../../json/exact.ts'
import { type Json, parseJson } from '../../json/parse.ts'

/** Members that a later piece may repeat but never continues. */
const WHOLE = new Set(['id', 'type', 'role', 'index', 'format'])

/** Adds a piece of a message to the message: text continues text, lists grow, objects are merged. */
export function mergePiece(whole: Json, piece: Json): void {
  for (const name of namesIn(piece)) {
    const value = piece[name]
    const known = Object.hasOwn(whole, name) ? whole[name] : undefined
    if (value === null) whole[name] = known ?? null
    else if (known === undefined || known === null || known === '') whole[name] = firstPiece(name, value)
    else if (WHOLE.has(name)) continue
    else whole[name] = continued(name, known, value)
  }
}

/** Adds a member that describes the answer: a later value replaces an earlier one, and only lists grow. */
export function mergeFact(whole: Json, name: string, value: unknown): void {
  const known = Object.hasOwn(whole, name) ? whole[name] : undefined
  if (value === null) whole[name] = known ?? null
  else if (Array.isArray(known) && Array.isArray(value)) known.push(...value)
  else if (isObject(known) && isObject(value)) mergeFacts(known, value)
  else if (name === 'text' && typeof known === 'string' && typeof value === 'string') whole[name] = known + value
  else whole[name] = value
}

function mergeFacts(whole: Json, piece: Json): void {
  for (const name of namesIn(piece)) mergeFact(whole, name, piece[name])
}

/** Names of members, without `__proto__`: a provider must not be able to set a prototype. */
export function namesIn(json: Json): string[] {
  const names = Object.keys(json)
  return names.includes('__proto__') ? names.filter((name) => name !== '__proto__') : names
}

function firstPiece(name: string, value: unknown): unknown {
  return Array.isArray(value) ? continued(name, [], value) : value
}

function continued(name: string, known: unknown, value: unknown): unknown {
  if (typeof known === 'string' && typeof value === 'string') {
    if (isLargeInteger(value)) return value
    return name === 'name' ? mergeName(known, value) : known + value
  }
  if (name === 'content' && (Array.isArray(known) || Array.isArray(value))) return mergeParts(known, value)
  if (Array.isArray(known) && Array.isArray(value)) return mergeList(known, value)
  if (!isObject(known) || !isObject(value)) return value
  mergePiece(known, value)
  return known
}

/** Some providers repeat the name of a tool in each piece, others send what is known of it so far. */
function mergeName(known: string, piece: string): string {
  return piece.startsWith(known) ? piece : known + piece
}

/** Mistral's content: first a list of parts, whose texts continue each other by type, then plain text. */
function mergeParts(known: unknown, pieces: unknown): unknown[] {
  const parts = asParts(known)
  for (const piece of asParts(pieces)) {
    const last = parts.at(-1)
    const isSame = isObject(piece) && isObject(last) && piece['type'] === last['type']
    if (isSame) mergePart(last, piece)
    else parts.push(piece)
  }
  return parts
}

function mergePart(known: Json, { type: _type, ...piece }: Json): void {
  for (const name of namesIn(piece)) {
    const value = piece[name]
    const before = known[name]
    known[name] =
      Array.isArray(before) && Array.isArray(value) ? mergeParts(before, value) : continuedText(before, value)
  }
}

function continuedText(known: unknown, value: unknown): unknown {
  return typeof known === 'string' && typeof value === 'string' ? known + value : (value ?? known)
}

function asParts(content: unknown): unknown[] {
  if (Array.isArray(content)) return content
  return typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : []
}

function mergeList(list: unknown[], pieces: unknown[]): unknown[] {
  for (const piece of pieces) {
    const known = isObject(piece)
      ? list.findLast((entry) => isObject(entry) && continues(piece, entry, list))
      : undefined
    if (isObject(known) && isObject(piece)) mergePiece(known, piece)
    else list.push(isObject(piece) ? withOwnIndex(piece, list) : piece)
  }
  return list
}

/** A piece continues the last entry with the same index. A tool call without an index continues the last one. */
function continues(piece: Json, entry: Json, list: unknown[]): boolean {
  const isCall = isObject(piece['function'])
  if (isCall && startsCall(piece, entry)) return false
  if (piece['index'] !== undefined) return piece['index'] === entry['index']
  return isCall && entry === list.at(-1)
}

/**
 * Several providers send parallel calls with one index, or with none. Another id is another call. Without an id, a name
 * and arguments after a call whose arguments are complete are another call.
 */
function startsCall({ id, function: called }: Json, entry: Json): boolean {
  if (typeof id === 'string' && id !== '')
    return typeof entry['id'] === 'string' && entry['id'] !== '' && entry['id'] !== id
  if (!isObject(called) || typeof called['name'] !== 'string' || called['name'] === '') return false
  const before = isObject(entry['function']) ? entry['function']['arguments'] : undefined
  return typeof before === 'string' && isObject(parseJson(before)) && Boolean(called['arguments'])
}

/** The index of a call that has the index of another one is its place. */
function withOwnIndex(piece: Json, list: unknown[]): Json {
  const isTaken =
    piece['index'] !== undefined && list.some((entry) => isObject(entry) && entry['index'] === piece['index'])
  return isTaken && isObject(piece['function']) ? { ...piece, index: list.length } : piece
}
