import { lastSecondOf, type Period, timesWithin } from '../../days.ts'
import { logdbError } from '../../error-table.ts'
import { findPartitions, type PartitionFile } from '../../store/folder/partition-files.ts'
import { type HitCounts, PartitionSearch, type RequestOfHit } from '../../store/search/partition-search.ts'
import type { RequestConditions } from '../../store/search/request-filter.ts'
import type { PartitionQuery } from '../../store/search/search-sql.ts'
import { canMatch, type WordNeed, wordNeedOf } from '../../store/search/word-need.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { LastUsed } from '../../store/sqlite/last-used.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { partitionsWithoutMatch } from '../../store/word-filter/read-filters.ts'
import { excerptOf, HIT_END, HIT_START } from './excerpt.ts'
import { LatestHits, type PlacedHit } from './latest-hits.ts'
import type { TextQuery } from './text-query.ts'

/**
 * What to search for; a missing filter sets no limit.
 * @example
 * const options: SearchOptions = { query: parseQuery('timeout'), status: { from: 500, to: 599 }, limit: 20, snippetWords: 24 }
 */
export interface SearchOptions extends Period, RequestConditions {
  /** From `parseQuery` or `parseRawQuery`; without a term, `role` is needed. */
  query: TextQuery
  /** user, assistant, system, tool or error. */
  role?: string | undefined
  /** At most this many hits. */
  limit: number
  /** Leave out this many of the latest. */
  skip?: number | undefined
  /** Count all hits too, up to this many. */
  countTo?: number | undefined
  /** Length of the excerpts in words. */
  snippetWords: number
}

/**
 * A message that was found, in the first request that holds it and passes the filters.
 * @example
 * const line = ({ ts, role, requestId }: SearchHit) => `${new Date(ts * 1000).toISOString()} ${role} ${requestId}`
 */
export interface SearchHit extends RequestOfHit {
  /** Who said it. */
  role: string
  /** An excerpt, with `HIT_START` and `HIT_END` around each match. */
  snippet: string
}

/**
 * What a search found.
 * @example
 * const result: SearchResult = await search('logs/db', { query: parseQuery('timeout'), limit: 20, snippetWords: 24 })
 */
export interface SearchResult {
  /** The latest first. */
  hits: SearchHit[]
  /** Sentences about partitions that were not searched and messages that are not indexed yet. */
  warnings: string[]
  /** Partitions that could not be searched. */
  damaged: DamagedPartition[]
  /** All hits, with `countTo`: that many messages stand for that many or more. */
  total?: HitCounts
}

/**
 * Searches a log database once.
 * @param out folder of the log database
 * @throws UserError INDEX_MISSING if no partition of the range has a text index, QUERY_INVALID and others
 * @example
 * const { hits } = await search('logs/db', { query: parseQuery('rate limit'), limit: 20, snippetWords: 24 })
 * for (const { requestId, snippet } of hits) console.log(requestId, snippet)
 */
export async function search(out: string, options: SearchOptions): Promise<SearchResult> {
  const searcher = await openSearcher(out)
  try {
    return searcher.search(options)
  } finally {
    searcher.close()
  }
}

/** A result of any size. */
export interface SearchStream extends Omit<SearchResult, 'hits'> {
  /** The latest first; each is read when it is asked for, so `damaged` is complete only after the last one. */
  hits: Iterable<SearchHit>
}

/**
 * Like `search`, for hits that may not fit into memory.
 * @param use is given what was found; when it has ended, no more hits can be read
 * @throws UserError like `search`
 */
export async function searchEach(
  out: string,
  options: SearchOptions,
  use: (found: SearchStream) => Promise<void>,
): Promise<void> {
  const searcher = new OpenSearcher(await loadSqlite(), out)
  try {
    await use(searcher.find(options))
  } finally {
    searcher.close()
  }
}

/**
 * Opens a log database for many searches, which is faster than `search` from the second one on.
 * @param out folder of the log database
 * @throws UserError SQLITE_MISSING
 * @example
 * const searcher = await openSearcher('logs/db')
 * const { hits } = searcher.search({ query: parseQuery('timeout'), limit: 20, snippetWords: 24 })
 * searcher.close()
 */
export async function openSearcher(out: string): Promise<Searcher> {
  return new OpenSearcher(await loadSqlite(), out)
}

/**
 * A log database that is open for searching.
 * @example
 * const count = (searcher: Searcher, text: string) => {
 *   return searcher.search({ query: parseQuery(text), limit: 1000, snippetWords: 1 }).hits.length
 * }
 */
export interface Searcher {
  /**
   * Searches the partitions of the range, the latest first, until `limit` hits are found.
   * @throws UserError INDEX_MISSING if no partition of the range has a text index, QUERY_INVALID and others
   */
  search(options: SearchOptions): SearchResult
  close(): void
}

/** Each takes up to three files; many systems allow 1,024 a process. */
const MAX_OPEN = 64

/** The partitions that it used last stay open. */
class OpenSearcher implements Searcher {
  readonly #engine: SqliteEngine
  readonly #out: string
  readonly #open = new LastUsed<PartitionSearch>(MAX_OPEN)

  constructor(engine: SqliteEngine, out: string) {
    this.#engine = engine
    this.#out = out
  }

  search(options: SearchOptions): SearchResult {
    const { hits, ...found } = this.find(options)
    return { hits: [...hits], ...found }
  }

  find(options: SearchOptions): SearchStream {
    const { skip = 0, limit, countTo } = options
    const partitions = findPartitions(this.#out, options)
    const search = { options, partitions, ...this.#wordsOf(options, partitions) }
    const state = { warnings: new Set<string>(), damaged: [] }
    const whole = this.#pass(search, state)
    const count = countTo === undefined ? whole.latest.length : whole.total.messages
    const split =
      count < (countTo ?? skip + limit) && canBeSplit(options)
        ? this.#pass({ ...search, isSplit: true }, state)
        : NOTHING
    const total = {
      messages: Math.min(whole.total.messages + split.total.messages, Math.max(countTo ?? 0, whole.total.messages)),
      requests: whole.total.requests + split.total.requests,
    }
    const found = [...whole.latest, ...split.latest].slice(skip, skip + limit)
    const { warnings, damaged } = state
    const hits = this.#hitsOf(found, options, damaged)
    return { hits, warnings: [...warnings], damaged, ...(countTo !== undefined && { total }) }
  }

  close(): void {
    this.#open.close()
  }

  #wordsOf({ query }: SearchOptions, partitions: readonly PartitionFile[]): Pick<Search, 'need' | 'without'> {
    const need = query.terms.length === 0 ? undefined : wordNeedOf(this.#engine, query.terms)
    if (need === undefined) return { need, without: new Set() }
    const paths = partitions.map(({ path }) => path)
    const without = partitionsWithoutMatch(this.#engine, this.#out, {
      paths,
      canMatch: (holds) => canMatch(need, holds),
    })
    // Only FTS5 can tell whether a query that is in its syntax is valid.
    return { need: isRaw(query) ? undefined : need, without }
  }

  /** Finds the latest hits, and counts all of them if that is asked for. */
  #pass(search: Search, state: SearchState): Hits {
    const { partitions, options, need, without, isSplit } = search
    const { skip = 0, limit, countTo } = options
    const { warnings, damaged } = state
    const latest = new LatestHits(skip + limit)
    const counted = new Map<string, HitCounts>()
    let searched = 0
    for (const file of partitions) {
      if (latest.areAllAfter(lastSecondOf(file.lastDay))) break
      if (without.has(file.path) && (searched > 0 || !isRaw(options.query))) {
        searched++
        counted.set(file.path, NOTHING.total)
        continue
      }
      const query = { ...queryFor(file, options, skip + limit), need, isSplit }
      const result = unlessDamaged(damaged, file.path, () => this.#partition(file.path).find(query))
      if (!result) continue
      if (result.kind === 'searched') {
        searched++
        if (result.counts) counted.set(file.path, result.counts)
        latest.add(file.path, result.found)
        if (result.unindexed > 0)
          warnings.add(`${file.path}: ${result.unindexed} messages are not indexed yet: logdb fts build`)
      } else warnings.add(`${file.path}: ${NOT_SEARCHED[result.kind]}`)
    }
    if (searched === 0 && partitions.length > damaged.length) throw indexMissing([...warnings])
    const total = countTo === undefined ? NOTHING.total : this.#count(search, counted, state)
    return { latest: latest.all(), total }
  }

  /** @param counted what is known already, by the paths of partitions */
  #count(
    { partitions, options, without, isSplit }: Search,
    counted: ReadonlyMap<string, HitCounts>,
    { damaged }: SearchState,
  ): HitCounts {
    const { countTo = 0 } = options
    const total = { messages: 0, requests: 0 }
    for (const file of partitions) {
      if (total.messages >= countTo) break
      const most = countTo - total.messages
      const count = () => this.#partition(file.path).count({ ...queryFor(file, options, most), isSplit })
      const known = counted.get(file.path) ?? (without.has(file.path) ? NOTHING.total : undefined)
      const counts = known ?? unlessDamaged(damaged, file.path, count)
      total.messages += counts?.messages ?? 0
      total.requests += counts?.requests ?? 0
    }
    return total
  }

  #partition(path: string): PartitionSearch {
    return this.#open.get(path, () => new PartitionSearch(this.#engine, path))
  }

  /** A message that was erased meanwhile is left out. */
  *#hitsOf(
    found: readonly PlacedHit[],
    { query, snippetWords }: SearchOptions,
    damaged: DamagedPartition[],
  ): Generator<SearchHit, void> {
    const { phrases, terms } = query
    const excerpt = phrases && excerptOf(phrases, snippetWords)
    const marks = { start: HIT_START, end: HIT_END, tokens: snippetWords }
    const hitOf = ({ message, row, path }: PlacedHit): SearchHit | undefined => {
      const partition = this.#partition(path)
      const [text, request] = [partition.message(message), partition.request(row)]
      if (!text || !request) return undefined
      const snippet = excerpt ? excerpt(text.content) : partition.snippet(message, terms[0]?.words ?? '', marks)
      return { ...request, role: text.role, snippet }
    }
    for (const one of found) {
      const hit = unlessDamaged(damaged, one.path, () => hitOf(one))
      if (hit) yield hit
    }
  }
}

interface Search {
  options: SearchOptions
  partitions: readonly PartitionFile[]
  /** Undefined if every partition that is opened must be asked by FTS5. */
  need: WordNeed | undefined
  /** Paths of partitions that certainly have no hit. */
  without: ReadonlySet<string>
  /** True for messages that match only by several of their texts together. */
  isSplit?: boolean
}

interface SearchState {
  warnings: Set<string>
  damaged: DamagedPartition[]
}

interface Hits {
  latest: readonly PlacedHit[]
  /** None if they were not to be counted. */
  total: HitCounts
}

const NOTHING: Hits = { latest: [], total: { messages: 0, requests: 0 } }

/** Longer queries, such as a text that was pasted, are looked for in one text only. */
const MAX_SPLIT_TERMS = 20

function canBeSplit({ query }: SearchOptions): boolean {
  return query.terms.length > 1 && query.terms.length <= MAX_SPLIT_TERMS
}

const NOT_SEARCHED = {
  'no-index': 'has no text index: logdb fts build',
  foreign: 'was made by the predecessor and is not searched: logdb convert',
}

function queryFor(file: PartitionFile, options: SearchOptions, limit: number): PartitionQuery {
  const { query, skip: _, countTo: __, snippetWords: ___, since: ____, to: _____, ...conditions } = options
  return { ...conditions, ...timesWithin(file, options), terms: query.terms, limit }
}

/** True for a query in the syntax of FTS5. */
function isRaw({ phrases }: TextQuery): boolean {
  return phrases === undefined
}

function indexMissing(warnings: string[]) {
  const isOfPredecessor = warnings.every((warning) => warning.endsWith(NOT_SEARCHED.foreign))
  const hint = `run: logdb ${isOfPredecessor ? 'convert' : 'fts build'}`
  return logdbError('INDEX_MISSING', `nothing to search in:\n${warnings.join('\n')}`, hint)
}
