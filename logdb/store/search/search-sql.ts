import { filterParameters, type RequestFilter, requestConditions } from './request-filter.ts'
import { type Split, splitSql } from './split-sql.ts'
import type { Term } from './term.ts'
import type { WordNeed } from './word-need.ts'

export interface PartitionQuery extends RequestFilter {
  /** At least one; each must match. */
  terms: readonly Term[]
  /** Words without which there is no hit. Unknown if absent. */
  need?: WordNeed | undefined
  role?: string | undefined
  /** True for messages that match all terms only together with their other texts, instead of those with a text that does. */
  isSplit?: boolean | undefined
  limit: number
}

/** What to look for. */
export interface Match {
  terms: readonly Term[]
  /** For messages that match all terms only together with their other texts, instead of those with a text that does. */
  split?: Split | undefined
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

export const REQUEST_OF_HIT = `
  SELECT r.ts AS ts, r.request_id AS requestId, r.endpoint AS endpoint, r.model_original AS modelOriginal,
    r.model_mapped AS modelMapped, r.status_code AS statusCode, COALESCE(r.x_dialog_id, r.dialog_id) AS dialogId
  FROM z_req r WHERE r.id = ?`

/** The statement that finds the latest hits. */
export function findSql(filter: RequestFilter, match: Match): string {
  const columns = 'holding.msg AS message, min(r.id) AS row, r.ts AS ts'
  return `${holdingSql(filter, match, columns)} ORDER BY r.ts DESC, r.id DESC, holding.msg DESC LIMIT @limit`
}

/** The statement that counts hits, and the requests that `findSql` gives for them, up to a limit. */
export function countSql(filter: RequestFilter, match: Match): string {
  const hits = `${holdingSql(filter, match, 'min(r.id) AS row')} LIMIT @limit`
  return `SELECT count(*) AS messages, count(DISTINCT row) AS requests FROM (${hits})`
}

/** A row for each hit, with the first request that holds it and passes the filter. */
function holdingSql(filter: RequestFilter, { terms, split }: Match, columns: string): string {
  const conditions = requestConditions(filter)
  const holding = conditions.length > 0 ? HOLDING_ANYWHERE : HOLDING_FIRST
  return `
    WITH RECURSIVE ${split ? splitSql(terms, split) : hitSql(terms)},
    ${split ? HOLDING_SPLIT : holding}
    SELECT ${columns}
    FROM holding JOIN z_req r ON r.id = holding.req
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    GROUP BY holding.msg`
}

function hitSql(terms: readonly Term[]): string {
  return `
    hit (msg, req) AS MATERIALIZED (
      SELECT msg_first.msg, msg_first.req FROM (${matchSql(terms)}) JOIN z_msg_first msg_first USING (msg)
    )`
}

const HOLDING_FIRST = 'holding (msg, req) AS (SELECT msg, req FROM hit)'
/**
 * Later requests of a conversation hold its messages too, in any form: their tips are below the messages' nodes. CROSS: from
 * the few messages to their requests; SQLite would go through all requests.
 */
const BELOW = `
  below (msg, node) AS (
    SELECT form.msg, node.id FROM form JOIN z_node node ON node.msg = form.form
    UNION SELECT below.msg, node.id FROM below JOIN z_node node ON node.parent = below.node AND node.parent <> 0
  )`
const HOLDING_FORMS = `
    SELECT below.msg, req.id FROM below CROSS JOIN z_req req ON req.tip = below.node
    UNION SELECT form.msg, req.id FROM form CROSS JOIN z_req req ON req.resp_msg = form.form`
const HOLDING_ANYWHERE = `
  form (msg, form) AS (
    SELECT msg, msg FROM hit UNION ALL SELECT hit.msg, msg_form.msg FROM hit JOIN z_msg_form msg_form ON msg_form.text = hit.msg
  ), ${BELOW}, holding (msg, req) AS (SELECT msg, req FROM hit UNION ${HOLDING_FORMS})`
const HOLDING_SPLIT = `
  form (msg, form) AS (SELECT msg, form FROM split), ${BELOW}, holding (msg, req) AS (${HOLDING_FORMS})`

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

/** The values that `findSql` leaves open. */
export function findParameters({ limit, isSplit: _, need: __, ...filter }: PartitionQuery, terms: readonly Term[]) {
  const single = terms.flatMap(({ words, pairs }, index) => [
    [`words${index}`, words ?? null],
    [`pairs${index}`, pairs ?? null],
  ])
  return { limit, ...filterParameters(filter), ...Object.fromEntries(single), ...combined(terms) }
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
