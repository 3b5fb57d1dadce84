import { parseBody } from '../../../conversation/turns.ts'
import { listRequests } from '../../../verbs/list/list.ts'
import { HIT_END, HIT_START } from '../../../verbs/search/excerpt.ts'
import { type SearchHit, type SearchOptions, search } from '../../../verbs/search/search.ts'
import { parseQuery } from '../../../verbs/search/text-query.ts'
import { facets } from '../../../verbs/stats/facets.ts'
import { stats, statsOfGroup } from '../../../verbs/stats/stats.ts'
import { storeHealth } from '../admin/store-health.ts'
import { compareView } from './compare-view.ts'
import { liveRequests } from './live-requests.ts'
import { dialogView, imageView, requestView } from './request-view.ts'
import { type RequestOptions, visibleRequest } from './visible-requests.ts'

/** Everything that is asked of the log database. Each runs in a thread, so what it takes and gives can be cloned. */
const QUERIES = {
  list: listRequests,
  live: liveRequests,
  storeHealth,
  stats,
  statsOfGroup,
  facets,
  request: requestDocument,
  raw: rawRequest,
  view: requestView,
  image: imageView,
  compare: compareView,
  dialog: dialogView,
  search: searchPage,
} as const

type Queries = typeof QUERIES
export type QueryName = keyof Queries

/** A question to the log database. */
export interface Question<Name extends QueryName = QueryName> {
  name: Name
  options: Parameters<Queries[Name]>[0]
}

export type Answer<Name extends QueryName> = Awaited<ReturnType<Queries[Name]>>

export function answerTo<Name extends QueryName>({ name, options }: Question<Name>): Promise<Answer<Name>> {
  const query = QUERIES[name] as unknown as (options: Question<Name>['options']) => Promise<Answer<Name>>
  return query(options)
}

/** A request as a JSON document. */
interface RequestDocument {
  requestId: string
  json: string
}

/** Undefined if there is no such request that may be seen. Bodies may be large, so the document is made of their texts. */
async function requestDocument(options: RequestOptions): Promise<RequestDocument | undefined> {
  const details = await visibleRequest(options)
  if (!details) return undefined
  const { request_json, response_json, ...facts } = details
  const bodies = `"request_json":${strictJson(request_json)},"response_json":${strictJson(response_json)}`
  return { requestId: facts.request_id, json: `${JSON.stringify(facts).slice(0, -1)},${bodies}}` }
}

interface RawOptions extends RequestOptions {
  /** Only this body. */
  part: 'request' | 'response' | undefined
}

/** What is stored, byte for byte. */
async function rawRequest({ part, ...options }: RawOptions): Promise<{ requestId: string; text: string } | undefined> {
  const details = await visibleRequest(options)
  if (!details) return undefined
  const { request_json, response_json, ...facts } = details
  const bodies = { request: request_json, response: response_json }
  const whole = `${JSON.stringify(facts).slice(0, -1)},"request_json":${request_json},"response_json":${response_json}}`
  return { requestId: facts.request_id, text: part === undefined ? whole : bodies[part] }
}

/** The same JSON; numbers that only Python accepts become null. */
function strictJson(json: string): string {
  try {
    JSON.parse(json)
    return json
  } catch {
    return JSON.stringify(parseBody(json))
  }
}

interface SearchPageOptions extends Omit<SearchOptions, 'query' | 'snippetWords'> {
  out: string
  /** As typed. */
  query: string
}

interface FoundHit extends Omit<SearchHit, 'snippet'> {
  /** Every second piece of the excerpt is a match. */
  pieces: string[]
}

const SNIPPET_WORDS = 40
const MARKS = new RegExp(`[${HIT_START}${HIT_END}]`)

async function searchPage({
  out,
  query,
  ...options
}: SearchPageOptions): Promise<{ hits: FoundHit[]; warnings: string[] }> {
  const found = await search(out, { ...options, query: parseQuery(query), snippetWords: SNIPPET_WORDS })
  const hits = found.hits.map(({ snippet, ...hit }) => ({ ...hit, pieces: snippet.split(MARKS) }))
  const damaged = found.damaged.map(({ path, reason }) => `${path}: ${reason}`)
  return { hits, warnings: [...found.warnings, ...damaged] }
}
