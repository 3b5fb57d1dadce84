import { isObject } from '../../kit/json.ts'
import { canonicalJson } from '../canon/canonical-reader.ts'

/** What moves from turn to turn: clients mark the last message for the provider's cache. */
const MARKS = ['cache_control']
/** Instructions often hold the time. */
const ROLES_WITH_CLOCK = ['system', 'developer']
const CLOCK =
  /\d+|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b|\b[ap]\.?m\b/gi
const SAME_CLOCK = '0'
/** Members of a part that is only text. */
const TEXT_PART = ['text', 'type']

/**
 * A message as far as it matters for the question whether one request continues another: without marks for a cache, without
 * members that are empty, since libraries add and drop these, and with instructions of no particular time.
 * @param json canonical
 * @returns canonical JSON; of a message without any of these the same
 */
export function normalMessage(json: string): Buffer {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return Buffer.from(json) // a figure that only Python knows
  }
  const hasClock = isObject(value) && ROLES_WITH_CLOCK.includes(String(value['role']))
  return canonicalJson(Buffer.from(JSON.stringify(normal(value, hasClock))))
}

function normal(value: unknown, hasClock: boolean): unknown {
  if (typeof value === 'string') return hasClock ? value.replace(CLOCK, SAME_CLOCK) : value
  if (Array.isArray(value)) return onlyText(value.map((element) => normal(element, hasClock)))
  if (!isObject(value)) return value
  const members = Object.entries(value)
    .filter(([name]) => !MARKS.includes(name))
    .map(([name, member]) => [name, name === 'role' || name === 'type' ? member : normal(member, hasClock)] as const)
  return Object.fromEntries(members.filter(([, member]) => !isEmpty(member)))
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** A list of one text is the same as the text. */
function onlyText(list: unknown[]): unknown {
  const [part] = list
  if (list.length !== 1 || !isObject(part) || typeof part['text'] !== 'string') return list
  return Object.keys(part).every((name) => TEXT_PART.includes(name)) ? part['text'] : list
}
