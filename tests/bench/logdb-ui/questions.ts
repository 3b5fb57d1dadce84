import { seededRandom } from '../../helpers/random.ts'
import { LARGE_QUESTION, sayer } from './day-log.ts'

/** What a user opens, by the query of its URL. */
export interface Questions {
  list: Record<string, string>[]
  filter: Record<string, string>[]
  search: string[]
  /** For the requests of 1 MB. */
  largeRequests: string
}

/** Values that many, some and no requests have: there is no qwen-3 and no team-7. */
const FILTERS: readonly Record<string, string>[] = [
  { model: 'gpt-4o' },
  { model: 'qwen-3' },
  { model: 'claude-*' },
  { key: 'team-0' },
  { key: 'team-7' },
  { status: '429' },
  { status: '5xx' },
  { provider: 'gemini' },
  { outcome: 'upstream_error' },
  { error: 'true' },
  { stream: 'true' },
  { endpoint: '/v1/embeddings' },
  { min_latency: '60s' },
  { min_tokens: '190' },
  { model: 'qwen-3', status: '5xx' },
  { key: 'team-7', error: 'true' },
  { provider: 'gemini', min_latency: '60s' },
  { dialog: '2025-09-12-agent-0' },
]
const SEARCHES = 60
const WORDS_OF_A_QUERY = 2

/** The same for the same days. */
export function questionsFor(days: readonly string[]): Questions {
  const last = days.at(-1) ?? ''
  const sayWith = sayer(seededRandom(SEARCHES))
  return {
    list: [...days.map((to) => ({ to })), ...days.map((since) => ({ since, to: last }))],
    filter: FILTERS.flatMap((filter) => [filter, { ...filter, to: days[Math.floor(days.length / 2)] ?? last }]),
    search: Array.from({ length: SEARCHES }, (_, index) => sayWith(1 + (index % WORDS_OF_A_QUERY))),
    largeRequests: LARGE_QUESTION,
  }
}
