import type { TimeRange } from '../../days.ts'

/**
 * Something a message must hold: an FTS5 query of the words, of the pairs, or of either.
 * @example
 * const term: Term = { words: 'content : "timeout"' }
 */
export interface Term {
  /** For the table request_text_index. */
  words?: string
  /** For the table request_text_pairs, which has runs of characters without spaces. */
  pairs?: string
}

/** Conditions for the request that holds a hit; a missing one sets no limit. */
interface RequestFilter extends Partial<TimeRange> {
  /** Patterns with `*`; the model as asked for or as answered. */
  model?: string | undefined
  endpoint?: string | undefined
  /** Hash or name of the API key. */
  key?: string | undefined
  /** Both included. */
  status?: { from: number; to: number } | undefined
}

export interface PartitionQuery extends RequestFilter {
  /** At least one; each must match. */
  terms: readonly Term[]
  role?: string | undefined
  limit: number
}

/** A text as a phrase of FTS5. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

const CONTENT_COLUMN = 2
/** CAST: a JS number arrives as a REAL, which FTS5 would not take for a rowid. */
export const SNIPPET = `
  SELECT snippet(request_text_index, ${CONTENT_COLUMN}, ?, ?, '…', ?)
  FROM request_text_index WHERE request_text_index MATCH ? AND rowid = CAST(? AS INTEGER)`

/** The statement that finds the latest hits. */
export function findSql(filter: RequestFilter, terms: readonly Term[]): string {
  const conditions = requestConditions(filter)
  return `
    WITH RECURSIVE hit (msg, req) AS MATERIALIZED (
      SELECT msg_first.msg, msg_first.req FROM (${matchSql(terms)}) JOIN msg_first USING (msg)
    ), ${conditions.length > 0 ? HOLDING_ANYWHERE : HOLDING_FIRST}
    SELECT holding.msg AS message, min(r.id) AS row, r.ts AS ts, r.request_id AS requestId, r.endpoint AS endpoint,
      r.model_original AS modelOriginal, r.model_mapped AS modelMapped, r.status_code AS statusCode,
      COALESCE(r.x_dialog_id, r.dialog_id) AS dialogId
    FROM holding JOIN req r ON r.id = holding.req
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    GROUP BY holding.msg ORDER BY r.ts DESC, r.id DESC, holding.msg DESC LIMIT @limit`
}

const HOLDING_FIRST = 'holding (msg, req) AS (SELECT msg, req FROM hit)'
/** Later requests of a conversation hold its messages too: their tips are below the messages' nodes. */
const HOLDING_ANYWHERE = `
  below (msg, node) AS (
    SELECT hit.msg, node.id FROM hit JOIN node ON node.msg = hit.msg
    UNION SELECT below.msg, node.id FROM below JOIN node ON node.parent = below.node
  ),
  holding (msg, req) AS (
    SELECT msg, req FROM hit
    UNION SELECT below.msg, req.id FROM below JOIN req ON req.tip = below.node
    UNION SELECT hit.msg, req.id FROM hit JOIN req ON req.resp_msg = hit.msg
  )`

/** Messages that match every term: by the index of words, and by the index of pairs. */
function matchSql(terms: readonly Term[]): string {
  const bound = terms.map((term, index) => ({ ...term, index }))
  const conditions = bound.filter(({ words }) => words !== undefined).map(termSql)
  const byWords = 'SELECT rowid AS msg FROM request_text_index WHERE request_text_index MATCH @words'
  const byPairs = 'SELECT rowid AS msg FROM request_text_pairs WHERE request_text_pairs MATCH @pairs'
  const withPairs = [byPairs, ...conditions].join(' AND ')
  if (terms.every(({ pairs }) => pairs === undefined)) return byWords
  return hasRunTerm(terms) ? withPairs : `${byWords} UNION ALL ${withPairs}`
}

/** +: a lookup in a list, not a search for each message. */
function termSql({ pairs, index }: Term & { index: number }): string {
  const inWords = `+rowid IN (SELECT rowid FROM request_text_index WHERE request_text_index MATCH @words${index})`
  if (pairs === undefined) return inWords
  return `(${inWords} OR +rowid IN (SELECT rowid FROM request_text_pairs WHERE request_text_pairs MATCH @pairs${index}))`
}

function hasRunTerm(terms: readonly Term[]): boolean {
  return terms.some(({ words }) => words === undefined)
}

function requestConditions({ sinceS, toS, model, endpoint, key, status }: RequestFilter): string[] {
  const conditions: string[] = []
  if (sinceS !== undefined && toS !== undefined) conditions.push('r.ts BETWEEN @sinceS AND @toS')
  if (model !== undefined) conditions.push('(r.model_original GLOB @model OR r.model_mapped GLOB @model)')
  if (endpoint !== undefined) conditions.push('r.endpoint GLOB @endpoint')
  if (key !== undefined) conditions.push('(r.api_key_hash = @key OR r.api_key_name = @key)')
  if (status !== undefined) conditions.push('r.status_code BETWEEN @statusFrom AND @statusTo')
  return conditions
}

/** The values that `findSql` leaves open. */
export function findParameters(
  { limit, sinceS, toS, model, endpoint, key, status }: PartitionQuery,
  terms: readonly Term[],
) {
  const filter = {
    limit,
    sinceS: sinceS ?? null,
    toS: toS ?? null,
    model: model === undefined ? null : toGlob(model),
    endpoint: endpoint === undefined ? null : toGlob(endpoint),
    key: key ?? null,
    statusFrom: status?.from ?? null,
    statusTo: status?.to ?? null,
  }
  const single = terms.flatMap(({ words, pairs }, index) => [
    [`words${index}`, words ?? null],
    [`pairs${index}`, pairs ?? null],
  ])
  return { ...filter, ...Object.fromEntries(single), ...combined(terms) }
}

/** The queries of all words, and of all pairs that must occur; if every term may be a word, of any of their pairs. */
function combined(terms: readonly Term[]): { words: string; pairs: string } {
  const words = terms.flatMap((term) => term.words ?? []).map(inParentheses)
  const needed = terms.filter((term) => term.words === undefined).flatMap(({ pairs }) => pairs ?? [])
  const possible = terms.flatMap(({ pairs }) => pairs ?? [])
  return { words: words.join(' AND '), pairs: needed.length > 0 ? needed.join(' AND ') : possible.join(' OR ') }
}

function inParentheses(query: string): string {
  return `(${query})`
}

/** Only `*` has a meaning. */
function toGlob(pattern: string): string {
  return pattern.replace(/[[?]/g, '[$&]')
}
