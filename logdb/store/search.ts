import { errorMessage, hasErrorCode, UserError } from '../../kit/user-error.ts'
import { hasTextIndex, unindexedMessages } from './fts.ts'
import { isOfSchema } from './migrate.ts'
import { PARTITION_SCHEMA } from './partition-schema.ts'
import { type Connection, explainingErrors, type SqliteEngine } from './sqlite.ts'

/** Marks around what was found in a snippet: code points that stand for no character. */
export const HIT_START = '\uFDD0'
export const HIT_END = '\uFDD1'

/** What a request must be like that holds a hit; an absent one sets no limit. */
interface RequestFilter {
  /** Seconds since 1970, both included. */
  sinceS?: number | undefined
  toS?: number | undefined
  /** Patterns with `*`; the model as asked for or as answered. */
  model?: string | undefined
  endpoint?: string | undefined
  /** Both included. */
  status?: { from: number; to: number } | undefined
}

export interface PartitionQuery extends RequestFilter {
  /** In FTS5's syntax. */
  match: string
  role?: string | undefined
  limit: number
  snippetTokens: number
}

/** A message that was found, in the first request that held it and passes the filter. */
export interface SearchHit {
  /** Seconds since 1970. */
  ts: number
  requestId: string
  role: string
  endpoint: string
  modelOriginal: string | null
  modelMapped: string | null
  statusCode: number | null
  dialogId: string | null
  snippet: string
}

export type PartitionResult =
  | { kind: 'searched'; hits: SearchHit[]; unindexed: number }
  | { kind: 'no-index' }
  | { kind: 'foreign' }

/** The latest hits of one partition. @throws UserError QUERY_INVALID */
export function searchPartition(engine: SqliteEngine, path: string, query: PartitionQuery): PartitionResult {
  return explainingErrors(path, () => {
    const db = engine.openReadonly(path)
    try {
      if (!isOfSchema(db, PARTITION_SCHEMA)) return { kind: 'foreign' }
      if (!hasTextIndex(db)) return { kind: 'no-index' }
      return db.transaction((): PartitionResult => {
        return { kind: 'searched', hits: findHits(db, query), unindexed: unindexedMessages(db) }
      })()
    } catch (error) {
      if (hasErrorCode(error, 'SQLITE_ERROR')) throw invalidQuery(error)
      throw error
    } finally {
      db.close()
    }
  })
}

function findHits(db: Connection, query: PartitionQuery): SearchHit[] {
  const conditions = requestConditions(query)
  const sql = `WITH RECURSIVE ${conditions.length > 0 ? HITS_IN_ANY_REQUEST : HITS_IN_FIRST_REQUEST}
    SELECT holding.msg AS msg, min(r.id) AS row, r.ts AS ts, r.request_id AS requestId, r.endpoint AS endpoint,
      r.model_original AS modelOriginal, r.model_mapped AS modelMapped, r.status_code AS statusCode,
      COALESCE(r.x_dialog_id, r.dialog_id) AS dialogId
    FROM holding JOIN req r ON r.id = holding.req
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    GROUP BY holding.msg ORDER BY r.ts DESC, r.id DESC, holding.msg DESC LIMIT @limit`
  const found = db.prepare<[Record<string, unknown>], FoundRow>(sql).all(parameters(query))
  const excerpt = db.prepare<[string, string, string, number, string, number], Excerpt>(EXCERPT)
  return found.flatMap(({ msg, row: _, ...hit }) => {
    const texts = excerpt.get(HIT_START, HIT_END, '…', query.snippetTokens, query.match, msg)
    return texts ? [{ ...hit, ...texts }] : []
  })
}

type Excerpt = Pick<SearchHit, 'role' | 'snippet'>
type FoundRow = Omit<SearchHit, keyof Excerpt> & { msg: number; row: number }

const HIT = `hit (msg, req) AS MATERIALIZED (
  SELECT msg_first.msg, msg_first.req FROM request_text_index JOIN msg_first ON msg_first.msg = request_text_index.rowid
  WHERE request_text_index MATCH @match AND (@role IS NULL OR role = @role)
)`
const HITS_IN_FIRST_REQUEST = `${HIT}, holding (msg, req) AS (SELECT msg, req FROM hit)`
/** Later requests of a conversation hold its messages too: their tips lie below the messages' nodes. */
const HITS_IN_ANY_REQUEST = `${HIT},
  below (msg, node) AS (
    SELECT hit.msg, node.id FROM hit JOIN node ON node.msg = hit.msg
    UNION SELECT below.msg, node.id FROM below JOIN node ON node.parent = below.node
  ),
  holding (msg, req) AS (
    SELECT msg, req FROM hit
    UNION SELECT below.msg, req.id FROM below JOIN req ON req.tip = below.node
    UNION SELECT hit.msg, req.id FROM hit JOIN req ON req.resp_msg = hit.msg
  )`
const CONTENT_COLUMN = 2
/** CAST: a JS number arrives as a REAL, which FTS5 would not take for a rowid. */
const EXCERPT = `
  SELECT role, snippet(request_text_index, ${CONTENT_COLUMN}, ?, ?, ?, ?) AS snippet
  FROM request_text_index WHERE request_text_index MATCH ? AND rowid = CAST(? AS INTEGER)`

function requestConditions({ sinceS, toS, model, endpoint, status }: RequestFilter): string[] {
  const conditions: string[] = []
  if (sinceS !== undefined) conditions.push('r.ts >= @sinceS')
  if (toS !== undefined) conditions.push('r.ts <= @toS')
  if (model !== undefined) conditions.push('(r.model_original GLOB @model OR r.model_mapped GLOB @model)')
  if (endpoint !== undefined) conditions.push('r.endpoint GLOB @endpoint')
  if (status !== undefined) conditions.push('r.status_code BETWEEN @statusFrom AND @statusTo')
  return conditions
}

function parameters({ match, role, limit, sinceS, toS, model, endpoint, status }: PartitionQuery) {
  return {
    match,
    role: role ?? null,
    limit,
    sinceS: sinceS ?? null,
    toS: toS ?? null,
    model: model === undefined ? null : toGlob(model),
    endpoint: endpoint === undefined ? null : toGlob(endpoint),
    statusFrom: status?.from ?? null,
    statusTo: status?.to ?? null,
  }
}

/** Only `*` has a meaning. */
const toGlob = (pattern: string) => pattern.replace(/[[?]/g, '[$&]')

function invalidQuery(error: unknown): UserError {
  return new UserError('QUERY_INVALID', `the query is no FTS5 query: ${errorMessage(error)}`, {
    hint: 'leave --raw-query out to search for the words as they are',
    exitCode: 2,
    cause: error,
  })
}
