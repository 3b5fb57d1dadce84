import type Sqlite from 'better-sqlite3'
import { errorMessage, hasErrorCode, UserError } from '../../../kit/user-error.ts'
import type { TimeRange } from '../folder/partition-files.ts'
import { PARTITION_SCHEMA } from '../partition/partition-schema.ts'
import { isOfSchema } from '../sqlite/migrate.ts'
import { type Connection, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'
import { hasTextIndex, unindexedMessages } from '../text-index/text-index.ts'

/** One thing that a message must hold: an FTS5 query of the words, of the pairs, or of whichever of them has it. */
export interface Term {
  words?: string
  pairs?: string
}

/** What a request must be like that holds a hit; an absent one sets no limit. */
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

/** A message that was found, in the first request that holds it and passes the filter. */
export interface FoundMessage {
  /** Id of the message within its partition. */
  message: number
  /** Seconds since 1970. */
  ts: number
  requestId: string
  endpoint: string
  modelOriginal: string | null
  modelMapped: string | null
  statusCode: number | null
  dialogId: string | null
}

export type PartitionHits =
  | { kind: 'searched'; found: FoundMessage[]; unindexed: number }
  | { kind: 'no-index' }
  | { kind: 'foreign' }

/** A partition open for searching. */
export class PartitionSearch {
  readonly #path: string
  readonly #db: Connection
  /** By their SQL. */
  readonly #statements = new Map<string, Sqlite.Statement>()

  constructor(engine: SqliteEngine, path: string) {
    this.#path = path
    this.#db = explainingErrors(path, () => engine.openReadonly(path))
  }

  close(): void {
    this.#db.close()
  }

  /** The latest hits. @throws UserError QUERY_INVALID */
  find(query: PartitionQuery): PartitionHits {
    return explainingErrors(this.#path, () => {
      if (!isOfSchema(this.#db, PARTITION_SCHEMA)) return { kind: 'foreign' }
      if (!hasTextIndex(this.#db)) return { kind: 'no-index' }
      return this.#db.transaction((): PartitionHits => {
        return { kind: 'searched', found: this.#find(query), unindexed: unindexedMessages(this.#db) }
      })()
    })
  }

  /** Undefined if the message has been erased. */
  message(id: number): { role: string; content: string } | undefined {
    const sql = 'SELECT role, content FROM fts_src WHERE id = ?'
    return this.#prepare<[number], { role: string; content: string }>(sql).get(id)
  }

  /** FTS5's own excerpt of a message, of at most 64 tokens. */
  snippet(id: number, words: string, { start, end, tokens }: { start: string; end: string; tokens: number }): string {
    return this.#prepare<[string, string, number, string, number], string>(SNIPPET)
      .pluck()
      .get(start, end, tokens, words, id) as string
  }

  #find(query: PartitionQuery): FoundMessage[] {
    const terms = query.role === undefined ? query.terms : [...query.terms, { words: `role : ${quoted(query.role)}` }]
    try {
      const statement = this.#prepare<[Record<string, unknown>], FoundMessage & { row: number }>(findSql(query, terms))
      return statement.all(parameters(query, terms)).map(({ row: _, ...found }) => found)
    } catch (error) {
      if (hasErrorCode(error, 'SQLITE_ERROR')) throw invalidQuery(error)
      throw error
    }
  }

  #prepare<Parameters extends unknown[], Row>(sql: string): Sqlite.Statement<Parameters, Row> {
    const prepared = this.#statements.get(sql) ?? this.#db.prepare(sql)
    this.#statements.set(sql, prepared)
    return prepared as Sqlite.Statement<Parameters, Row>
  }
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

const CONTENT_COLUMN = 2
/** CAST: a JS number arrives as a REAL, which FTS5 would not take for a rowid. */
const SNIPPET = `
  SELECT snippet(request_text_index, ${CONTENT_COLUMN}, ?, ?, '…', ?)
  FROM request_text_index WHERE request_text_index MATCH ? AND rowid = CAST(? AS INTEGER)`

function findSql(filter: RequestFilter, terms: readonly Term[]): string {
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
/** Later requests of a conversation hold its messages too: their tips lie below the messages' nodes. */
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

/** Messages that match every term: those that the index of words has, and those for which it takes that of pairs. */
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

const hasRunTerm = (terms: readonly Term[]) => terms.some(({ words }) => words === undefined)

function requestConditions({ sinceS, toS, model, endpoint, key, status }: RequestFilter): string[] {
  const conditions: string[] = []
  if (sinceS !== undefined && toS !== undefined) conditions.push('r.ts BETWEEN @sinceS AND @toS')
  if (model !== undefined) conditions.push('(r.model_original GLOB @model OR r.model_mapped GLOB @model)')
  if (endpoint !== undefined) conditions.push('r.endpoint GLOB @endpoint')
  if (key !== undefined) conditions.push('(r.api_key_hash = @key OR r.api_key_name = @key)')
  if (status !== undefined) conditions.push('r.status_code BETWEEN @statusFrom AND @statusTo')
  return conditions
}

function parameters({ limit, sinceS, toS, model, endpoint, key, status }: PartitionQuery, terms: readonly Term[]) {
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

/** Of all words at once; of all pairs that must be there, or where words may be either, of any of their pairs. */
function combined(terms: readonly Term[]): { words: string; pairs: string } {
  const words = terms.flatMap((term) => term.words ?? []).map(inParentheses)
  const needed = terms.filter((term) => term.words === undefined).flatMap(({ pairs }) => pairs ?? [])
  const possible = terms.flatMap(({ pairs }) => pairs ?? [])
  return { words: words.join(' AND '), pairs: needed.length > 0 ? needed.join(' AND ') : possible.join(' OR ') }
}

const inParentheses = (query: string) => `(${query})`

/** Only `*` has a meaning. */
const toGlob = (pattern: string) => pattern.replace(/[[?]/g, '[$&]')

function invalidQuery(error: unknown): UserError {
  return new UserError('QUERY_INVALID', `the query is no FTS5 query: ${errorMessage(error)}`, {
    hint: 'leave --raw-query out to search for the words as they are',
    exitCode: 2,
    cause: error,
  })
}
