import { parseDuration } from '../../../../kit/settings/duration.ts'
import { parseMoment } from '../../../../kit/settings/moment.ts'
import { parseStatus } from '../../../command-line/filters.ts'
import type { Period } from '../../../days.ts'
import type { ListPlace } from '../../../store/search/partition-list.ts'
import type { FilterName } from '../../app/requests/list-filters.ts'
import type { ListQuestion } from '../queries/log-reader.ts'
import { UiProblem } from '../ui-problem.ts'

/** The filters of a list, as they stand in a URL. */
export type FilterQuery = Partial<Record<FilterName, string | undefined>>

/** The same, with the page. */
export interface ListQuery extends FilterQuery {
  limit: number
  cursor?: string
}

/** With a rare filter, an answer comes after this time with what was found. */
const LIST_TIME_MS = 1500
const MS_PER_S = 1000

/** @throws UiProblem 400 */
export function listQuestion({ limit, cursor, ...filters }: ListQuery): ListQuestion {
  const before = cursor === undefined ? undefined : placeOf(cursor)
  return { ...filterQuestion(filters), limit, before, timeLimitMs: LIST_TIME_MS }
}

/** @throws UiProblem 400 */
export function filterQuestion({ since, to, status, stream, tools, error, ...query }: FilterQuery) {
  const { min_latency, max_latency, min_tokens, max_tokens, ...texts } = query
  return {
    ...periodOf({ since, to }),
    ...texts,
    status: status === undefined ? undefined : statusOf(status),
    isStream: flagOf('stream', stream),
    hasTools: flagOf('tools', tools),
    hasError: flagOf('error', error),
    latencyMs: boundsOf(min_latency, max_latency, durationOf),
    tokens: boundsOf(min_tokens, max_tokens, countOf),
  }
}

/** UTC times. @throws UiProblem 400 */
export function periodOf({ since, to }: Pick<FilterQuery, 'since' | 'to'>): Period {
  const period = { since: timeOf(since, 'startS'), to: timeOf(to, 'endS') }
  if (period.since !== undefined && period.to !== undefined && period.since > period.to) {
    throw new UiProblem(400, `'to' (${to}) is before 'since' (${since})`, { hint: 'swap them' })
  }
  return period
}

const STATUS = /^[1-5](xx|\d\d)$/i
const COUNT = /^\d{1,15}$/

function statusOf(text: string) {
  if (!STATUS.test(text))
    throw new UiProblem(400, `invalid status: ${text}`, { hint: 'write a status like 200 or 5xx' })
  return parseStatus(text)
}

function flagOf(name: FilterName, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text !== 'true' && text !== 'false') {
    throw new UiProblem(400, `invalid ${name}: ${text}`, { hint: 'write true or false' })
  }
  return text === 'true'
}

function boundsOf(from: string | undefined, to: string | undefined, parse: (text: string) => number) {
  if (from === undefined && to === undefined) return undefined
  const [least, most] = [from, to].map((text) => (text === undefined ? undefined : parse(text)))
  return { from: least, to: most }
}

/** Milliseconds; a number alone is milliseconds too. */
function durationOf(text: string): number {
  const ms = parseDuration(COUNT.test(text) ? `${text}ms` : text)
  if (ms === undefined) throw new UiProblem(400, `invalid latency: ${text}`, { hint: 'write 500ms, 2s or 1m' })
  return ms
}

function countOf(text: string): number {
  if (!COUNT.test(text)) throw new UiProblem(400, `invalid number of tokens: ${text}`, { hint: 'write a number' })
  return Number(text)
}

/** A UTC time. */
function timeOf(text: string | undefined, end: 'startS' | 'endS'): string | undefined {
  if (text === undefined) return undefined
  const moment = parseMoment(text, { nowMs: Date.now(), timeZone: 'UTC' })
  if (!moment)
    throw new UiProblem(400, `invalid time: ${text}`, { hint: 'write 2025-09-15, 2025-09-15T10:30, 2h or 7d' })
  return new Date(moment[end] * MS_PER_S).toISOString().replace('.000Z', 'Z')
}

/** For clients a text without a meaning. */
export function cursorOf({ ts, tsUs, requestId }: ListPlace): string {
  return Buffer.from(`${ts}|${tsUs ?? ''}|${requestId}`).toString('base64url')
}

const CURSOR = /^(\d{1,12})\|(\d{0,16})\|([^|]{0,200})$/

function placeOf(cursor: string): ListPlace {
  const [, ts, tsUs, requestId = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (ts === undefined) throw new UiProblem(400, 'invalid cursor', { hint: 'take nextCursor of the previous page' })
  return { ts: Number(ts), tsUs: tsUs ? Number(tsUs) : null, requestId }
}
