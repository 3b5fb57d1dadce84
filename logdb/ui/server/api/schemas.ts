import type { StatsGrouping } from '../../../verbs/stats/counting.ts'
import { type FilterName, OUTCOMES } from '../../app/requests/list-filters.ts'

/** What the API takes; Fastify checks it, and openapi.json shows it. */
const flag = (description: string) => ({ enum: ['true', 'false'], description: `${description}, or only others` })
const text = (description: string) => ({ type: 'string', minLength: 1, maxLength: 300, description })

const FILTERS = {
  since: text('first time or day, in UTC: 2025-09-15, 2025-09-15T10:30, 2h or 7d ago'),
  to: text('last time or day, included'),
  model: text('model asked for or answered by; * matches anything'),
  endpoint: text('for example /v1/chat/*'),
  key: text('hash or name of the API key'),
  status: { type: 'string', pattern: '^[1-5](xx|\\d\\d)$', description: 'for example 200 or 5xx' },
  outcome: { enum: OUTCOMES, description: 'how the answer ended' },
  provider: text('provider that answered'),
  dialog: text('id of a dialog, named by the client or assigned'),
  stream: flag('answers that were streamed'),
  tools: flag('requests that offer tools'),
  error: flag('requests that failed; an answer that was cut off did not'),
  min_latency: text('in milliseconds, or 2s or 1m'),
  max_latency: text('included'),
  min_tokens: text('of input and output together'),
  max_tokens: text('included'),
} as const satisfies Record<FilterName, object>

export const PERIOD_QUERY = { type: 'object', properties: { since: FILTERS.since, to: FILTERS.to } } as const

export const FILTER_QUERY = { type: 'object', properties: FILTERS } as const

export const LIST_QUERY = {
  type: 'object',
  properties: {
    ...FILTERS,
    limit: { type: 'integer', minimum: 1, maximum: 500, default: 50, description: 'at most this many requests' },
    cursor: text('nextCursor of the previous page'),
  },
} as const

export const SEARCH_QUERY = {
  type: 'object',
  properties: {
    q: { type: 'string', minLength: 1, maxLength: 1000, description: 'words, "a phrase", a OR b, NOT c' },
    role: { enum: ['user', 'assistant', 'system', 'tool', 'error'], description: 'who said it' },
    ...FILTERS,
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 30, description: 'at most this many messages' },
    cursor: { type: 'string', pattern: '^\\d{1,4}$', description: 'nextCursor of the previous page' },
  },
  required: ['q'],
} as const

export const GROUPINGS: readonly StatsGrouping[] = [
  'day',
  'hour',
  'model',
  'key',
  'provider',
  'endpoint',
  'outcome',
  'status',
]

export const STATS_QUERY = {
  type: 'object',
  properties: { by: text(`some of ${GROUPINGS.join(', ')}, with commas between them`), ...FILTERS },
} as const

export const EXPORT_QUERY = {
  type: 'object',
  properties: { format: { enum: ['csv', 'jsonl'], default: 'csv', description: 'form of the lines' }, ...FILTERS },
} as const

export const RAW_QUERY = {
  type: 'object',
  properties: { part: { enum: ['request', 'response'], description: 'only this body' } },
} as const

export const ID_PARAMS = {
  type: 'object',
  properties: { id: text('id of a request, the beginning of one, or an x-request-id') },
  required: ['id'],
} as const

const day = (description: string) => ({ type: 'string', format: 'date', description })

export const JOB_BODY = {
  type: 'object',
  properties: {
    job: { enum: ['ingest', 'index', 'dialogs', 'bundle'], description: 'what to do' },
    since: day('first UTC day, not for ingest'),
    to: day('last UTC day, included'),
  },
  required: ['job'],
  additionalProperties: false,
} as const

export const FORGET_BODY = {
  type: 'object',
  properties: {
    request_id: text('one request'),
    key: text('hash of the API key whose requests are meant'),
    dialog: text('dialog whose requests are meant'),
    dry_run: {
      type: 'boolean',
      default: true,
      description: 'only count; false needs a dry run of the last ten minutes',
    },
  },
  oneOf: [{ required: ['request_id'] }, { required: ['key'] }, { required: ['dialog'] }],
  additionalProperties: false,
} as const

export const LOGIN_BODY = {
  type: 'object',
  properties: { key: { type: 'string', minLength: 1, maxLength: 1000, description: 'a key that may read the logs' } },
  required: ['key'],
} as const
