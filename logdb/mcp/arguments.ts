import { parseMoment } from '../../kit/settings/moment.ts'
import { parseStatus } from '../command-line/filters.ts'
import { logdbError } from '../error-table.ts'

/** Arguments of a tool, as the client sent them. */
export type Arguments = Readonly<Record<string, unknown>>

const MAX_LIMIT = 50
const DEFAULT_LIMIT = 20

/** @throws UserError USAGE */
export function textOf(given: Arguments, name: string): string | undefined {
  const value = given[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw wrong(name, value, 'a text')
}

/** @throws UserError USAGE */
export function neededText(given: Arguments, name: string): string {
  const text = textOf(given, name)
  if (text === undefined) throw logdbError('USAGE', `${name} is missing`, `give ${name}`)
  return text
}

/** At most this many results, and how many to leave out. @throws UserError USAGE */
export function pageOf(given: Arguments): { limit: number; skip: number } {
  const limit = Number(textOf(given, 'limit') ?? DEFAULT_LIMIT)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    throw wrong('limit', given['limit'], `a whole number from 1 to ${MAX_LIMIT}`)
  }
  return { limit, skip: Number(cursorOf(given) ?? 0) }
}

/** @throws UserError USAGE */
export function cursorOf(given: Arguments): string | undefined {
  const cursor = textOf(given, 'cursor')
  if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw wrong('cursor', cursor, 'one that an answer named')
  return cursor
}

/** The filters that several tools have, with times as UTC times. @throws UserError USAGE */
export function filterOf(given: Arguments) {
  const status = textOf(given, 'status')
  return {
    since: timeOf(given, 'since', 'startS'),
    to: timeOf(given, 'to', 'endS'),
    key: textOf(given, 'key'),
    model: textOf(given, 'model'),
    endpoint: textOf(given, 'endpoint'),
    status: status === undefined ? undefined : parseStatus(status),
  }
}

function timeOf(given: Arguments, name: string, end: 'startS' | 'endS'): string | undefined {
  const text = textOf(given, name)
  if (text === undefined) return undefined
  const moment = parseMoment(text, { nowMs: Date.now(), timeZone: 'UTC' })
  if (!moment) throw wrong(name, text, 'a time like 2025-09-15, today, 7d, 2h or 2025-09-15T10:30')
  return new Date(moment[end] * 1000).toISOString().replace('.000Z', 'Z')
}

function wrong(name: string, value: unknown, allowed: string) {
  return logdbError('USAGE', `${name}: found ${JSON.stringify(value)}`, `give ${allowed}`)
}
