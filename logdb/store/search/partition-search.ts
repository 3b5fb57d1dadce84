import { errorMessage, hasErrorCode } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import { PARTITION_SCHEMA } from '../partition/partition-schema.ts'
import type { Connection, SqliteEngine, Statement } from '../sqlite/engine.ts'
import { isOfSchema } from '../sqlite/migrate.ts'
import { hasTextIndex, unindexedMessages } from '../text-index/text-index.ts'
import { findParameters, findSql, type PartitionQuery, quoted, SNIPPET } from './search-sql.ts'

/** A message that was found, in the first request that holds it and passes the filter. */
export interface FoundMessage {
  /** Id of the message within its partition. */
  message: number
  /** Seconds since 1970. */
  ts: number
  requestId: string
  endpoint: string
  /** As the client asked. */
  modelOriginal: string | null
  /** As the provider answered. */
  modelMapped: string | null
  statusCode: number | null
  /** Named by the client, or assigned. */
  dialogId: string | null
}

export type PartitionHits =
  | { kind: 'searched'; found: FoundMessage[]; unindexed: number }
  | { kind: 'no-index' }
  | { kind: 'foreign' }

type FoundRow = FoundMessage & { row: number }
type SnippetParameters = [start: string, end: string, tokens: number, words: string, id: number]

/** A partition open for searching. */
export class PartitionSearch {
  readonly #db: Connection
  /** By their SQL. */
  readonly #statements = new Map<string, unknown>()

  /** @throws UserError */
  constructor(engine: SqliteEngine, path: string) {
    this.#db = engine.openReadonly(path)
  }

  close(): void {
    this.#db.close()
  }

  /** The latest hits. @throws UserError QUERY_INVALID */
  find(query: PartitionQuery): PartitionHits {
    if (!isOfSchema(this.#db, PARTITION_SCHEMA)) return { kind: 'foreign' }
    if (!hasTextIndex(this.#db)) return { kind: 'no-index' }
    return this.#db.inSnapshot(() => {
      return { kind: 'searched', found: this.#find(query), unindexed: unindexedMessages(this.#db) }
    })
  }

  /** Undefined if the message has been erased. */
  message(id: number): { role: string; content: string } | undefined {
    const sql = 'SELECT role, content FROM fts_src WHERE id = ?'
    return this.#prepared(sql, () => this.#db.prepare<[number], { role: string; content: string }>(sql)).get(id)
  }

  /** FTS5's own excerpt of a message, of at most 64 tokens. */
  snippet(id: number, words: string, { start, end, tokens }: { start: string; end: string; tokens: number }): string {
    const statement = this.#prepared(SNIPPET, () => this.#db.prepareValue<SnippetParameters, string>(SNIPPET))
    return statement.get(start, end, tokens, words, id) ?? ''
  }

  #find(query: PartitionQuery): FoundMessage[] {
    const terms = query.role === undefined ? query.terms : [...query.terms, { words: `role : ${quoted(query.role)}` }]
    try {
      const sql = findSql(query, terms)
      const statement = this.#prepared(sql, () => this.#db.prepare<[Record<string, unknown>], FoundRow>(sql))
      return statement.all(findParameters(query, terms)).map(({ row: _, ...found }) => found)
    } catch (error) {
      if (hasErrorCode(error, 'SQLITE_ERROR')) throw invalidQuery(error)
      throw error
    }
  }

  #prepared<Parameters extends unknown[], Row>(
    sql: string,
    prepare: () => Statement<Parameters, Row>,
  ): Statement<Parameters, Row> {
    const known = this.#statements.get(sql) as Statement<Parameters, Row> | undefined
    const statement = known ?? prepare()
    this.#statements.set(sql, statement)
    return statement
  }
}

function invalidQuery(error: unknown) {
  const message = `the query is not valid FTS5 syntax: ${errorMessage(error)}`
  return logdbError('QUERY_INVALID', message, 'leave --raw-query out to search for the words as they are', error)
}
