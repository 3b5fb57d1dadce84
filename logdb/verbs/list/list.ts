import { firstSecondOf, lastSecondOf, type Period, timesWithin } from '../../days.ts'
import { findPartitions, type PartitionFile } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { compareLatestFirst, LatestRequests } from '../../store/search/latest-requests.ts'
import type { ListPlace, RequestSummary } from '../../store/search/partition-list.ts'
import type { RequestConditions, RequestFilter } from '../../store/search/request-filter.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { LastQuestions } from './last-question.ts'

/**
 * Which requests to list; a missing filter sets no limit.
 * @example
 * const options: ListOptions = { out: 'logs/db', since: '2025-09-15', status: { from: 500, to: 599 }, limit: 20 }
 */
export interface ListOptions extends Period, RequestConditions {
  /** Folder of the log database. */
  out: string
  /** At most this many requests. */
  limit: number
  /** Leave out this many of the latest. */
  skip?: number | undefined
  /** Only requests before this place, such as `next` of an earlier result. */
  before?: ListPlace | undefined
  /** After this time no further partition is read, so the result may be incomplete. */
  timeLimitMs?: number | undefined
}

/**
 * A request without its bodies.
 * @example
 * const line = ({ requestId, question }: ListedRequest) => `${requestId} ${question ?? ''}`
 */
export interface ListedRequest extends Omit<RequestSummary, 'row' | 'tsUs' | 'tip'> {
  /** The beginning of what the user said last, on one line; undefined if the request has no such text. */
  question: string | undefined
}

/**
 * The requests that were found.
 * @example
 * const result: ListResult = await listRequests({ out: 'logs/db', limit: 20 })
 */
export interface ListResult {
  /** The latest first. */
  requests: ListedRequest[]
  /** True if there are earlier ones, or if there was no time to look for them. */
  hasMore: boolean
  /** Where the rest begins, for `before`; only with `hasMore`. */
  next?: ListPlace
  /** The first day, YYYY-MM-DD, that was searched before the time ran out. */
  searchedTo?: string
  /** Paths of databases that were skipped because this logdb did not make them. */
  leftOut: string[]
  /** Partitions that could not be read. */
  damaged: DamagedPartition[]
}

/**
 * Lists the latest requests.
 * @throws UserError DATABASE_DAMAGED and others
 * @example
 * const { requests } = await listRequests({ out: 'logs/db', model: 'gpt-*', limit: 20 })
 * for (const { ts, statusCode, question } of requests) console.log(ts, statusCode, question)
 */
export async function listRequests(options: ListOptions): Promise<ListResult> {
  const engine = await loadSqlite()
  const { shown, ...found } = findLatest(engine, options)
  return { requests: withQuestions(engine, shown, found.damaged), ...found }
}

/** What `listRequests` gives, without the requests: to get to the place after them. */
export async function passOver(options: ListOptions): Promise<Omit<ListResult, 'requests'>> {
  const { shown: _, ...found } = findLatest(await loadSqlite(), options)
  return found
}

interface Latest extends Omit<ListResult, 'requests'> {
  shown: Found[]
}

function findLatest(engine: SqliteEngine, options: ListOptions): Latest {
  const { out, limit, skip = 0, before } = options
  const most = skip + limit + 1
  const state: Search = { found: [], leftOut: [], damaged: [] }
  const latest = new LatestRequests(most, before)
  const endMs = performance.now() + (options.timeLimitMs ?? Number.POSITIVE_INFINITY)
  for (const file of findPartitions(out, options)) {
    if (before && firstSecondOf(file.firstDay) > before.ts) continue
    if (isBehind(file, state.found, most)) break
    if (state.last && performance.now() > endMs) {
      state.next = endOf(file)
      break
    }
    readPartition(engine, { file, options, most, latest }, state)
  }
  return resultOf(state, { skip, limit })
}

/** What was found so far. */
interface Search {
  found: Found[]
  leftOut: string[]
  damaged: DamagedPartition[]
  /** The partition that was read last. */
  last?: PartitionFile
  /** Where the partitions begin for which there was no time. */
  next?: ListPlace
}

function readPartition(
  engine: SqliteEngine,
  { file, options, most, latest }: { file: PartitionFile; options: ListOptions; most: number; latest: LatestRequests },
  state: Search,
): void {
  const found = unlessDamaged(state.damaged, file.path, () => {
    using db = openPartition(engine, file.path)
    if (!db) state.leftOut.push(file.path)
    return db && latest.in(db, filterFor(file, options))
  })
  const all = [...state.found, ...(found ?? []).map((summary) => ({ summary, path: file.path }))]
  state.found = all.sort((a, b) => compareLatestFirst(a.summary, b.summary)).slice(0, most)
  state.last = file
}

function resultOf(
  { found, leftOut, damaged, last, next: unread }: Search,
  { skip, limit }: { skip: number; limit: number },
): Latest {
  const shown = found.slice(skip, skip + limit)
  const hasMoreFound = found.length > skip + limit
  const end = hasMoreFound ? shown.at(-1)?.summary : unread
  return {
    shown,
    hasMore: end !== undefined,
    ...(end && { next: { ts: end.ts, tsUs: end.tsUs, requestId: end.requestId } }),
    ...(unread && !hasMoreFound && last && { searchedTo: last.firstDay }),
    leftOut,
    damaged,
  }
}

/** The place after all requests that a partition may hold. */
function endOf({ lastDay }: PartitionFile): ListPlace {
  return { ts: lastSecondOf(lastDay), tsUs: Number.MAX_SAFE_INTEGER, requestId: '' }
}

interface Found {
  summary: RequestSummary
  /** Of its partition. */
  path: string
}

/** The filter for a partition, whose days may all be in the range. */
export function filterFor(file: PartitionFile, { since, to, ...filter }: Period & RequestConditions): RequestFilter {
  return { ...filter, ...timesWithin(file, { since, to }) }
}

function isBehind({ lastDay }: PartitionFile, found: Found[], most: number): boolean {
  const oldest = found.at(-1)
  return found.length >= most && oldest !== undefined && oldest.summary.ts > lastSecondOf(lastDay)
}

/** Opens each partition once; what has been erased meanwhile has no question. */
function withQuestions(engine: SqliteEngine, found: Found[], damaged: DamagedPartition[]): ListedRequest[] {
  const questions = new Map<Found, string | undefined>()
  for (const path of new Set(found.map((one) => one.path))) {
    unlessDamaged(damaged, path, () => {
      using db = openPartition(engine, path)
      if (!db) return
      const known = new LastQuestions(db)
      for (const one of found) if (one.path === path) questions.set(one, known.of(one.summary))
    })
  }
  return found.map((one) => listed(one.summary, questions.get(one)))
}

export function listed(
  { row: _, tsUs: __, tip: ___, ...summary }: RequestSummary,
  question: string | undefined,
): ListedRequest {
  return { ...summary, question }
}
