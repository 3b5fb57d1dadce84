import { errorMessage, hasErrorCode } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import { isPartitionOpen } from '../partition/open-partition.ts'
import { supplyMissing } from '../partition/schema/older-versions.ts'
import type { Connection, SqliteEngine, Statement } from '../sqlite/engine.ts'
import { hasTextIndex, hasTokenizers, TEXT_INDEXES, unindexedMessages } from '../text-index/text-index.ts'
import {
  countSql,
  findParameters,
  findSql,
  type Match,
  type PartitionQuery,
  quoted,
  REQUEST_OF_HIT,
  SNIPPET,
} from './search-sql.ts'
import type { Split } from './split-sql.ts'
import type { Term } from './term.ts'
import { canMatch, type WordNeed } from './word-need.ts'

/** A message that was found: of many of them only this little is held in memory. */
export interface FoundMessage {
  /** Id of the message within its partition. */
  message: number
  /** Id, within its partition, of the first request that holds it and passes the filter. */
  row: number
  /** Of that request, in seconds since 1970. */
  ts: number
}

/** The request that a message was found in. */
export interface RequestOfHit {
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

/** `counts`: of all hits; undefined if there may be more than were asked for. */
export type PartitionHits =
  | { kind: 'searched'; found: FoundMessage[]; counts: HitCounts | undefined; unindexed: number }
  | { kind: 'no-index' }
  | { kind: 'foreign' }

type SnippetParameters = [start: string, end: string, tokens: number, words: string, id: number]

/** How many messages match, and how many requests they were first found in. */
export interface HitCounts {
  messages: number
  requests: number
}

/** A partition open for searching. */
export class PartitionSearch {
  readonly #db: Connection
  readonly #isOwn: boolean
  /** By their SQL. */
  readonly #statements = new Map<string, unknown>()

  /** @throws UserError */
  constructor(engine: SqliteEngine, path: string) {
    this.#db = engine.openReadonly(path)
    try {
      this.#isOwn = isPartitionOpen(this.#db)
      if (this.#isOwn) supplyMissing(this.#db)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  close(): void {
    this.#db.close()
  }

  /** The latest hits. @throws UserError QUERY_INVALID */
  find(query: PartitionQuery): PartitionHits {
    if (!this.#isOwn) return { kind: 'foreign' }
    if (!hasTextIndex(this.#db)) return { kind: 'no-index' }
    return this.#db.inSnapshot(() => {
      const found = this.#canMatch(query) ? this.#all(query, findSql, toFoundMessage) : []
      const counts = found.length < query.limit ? countsOf(found) : undefined
      return { kind: 'searched', found, counts, unindexed: unindexedMessages(this.#db) }
    })
  }

  /** Undefined if the message has been erased. */
  message(id: number): { role: string; content: string } | undefined {
    const sql = 'SELECT role, content FROM fts_src WHERE id = ?'
    return this.#prepared(sql, () => this.#db.prepare<[number], { role: string; content: string }>(sql)).get(id)
  }

  /** Undefined if the request has been erased. */
  request(row: number): RequestOfHit | undefined {
    return this.#prepared(REQUEST_OF_HIT, () => this.#db.prepare<[number], RequestOfHit>(REQUEST_OF_HIT)).get(row)
  }

  /** FTS5's own excerpt of a message, of at most 64 tokens. */
  snippet(id: number, words: string, { start, end, tokens }: { start: string; end: string; tokens: number }): string {
    const statement = this.#prepared(SNIPPET, () => this.#db.prepareValue<SnippetParameters, string>(SNIPPET))
    return statement.get(start, end, tokens, words, id) ?? ''
  }

  /** Counts at most `limit` hits; none without an index. @throws UserError QUERY_INVALID */
  count(query: PartitionQuery): HitCounts {
    const none = { messages: 0, requests: 0 }
    if (!this.#isOwn || !hasTextIndex(this.#db)) return none
    return this.#all<HitCounts, HitCounts>(query, countSql, (counts) => counts)[0] ?? none
  }

  #canMatch({ isSplit, need }: PartitionQuery): boolean {
    if (isSplit && this.#db.prepare(HAS_FORMS).get() === undefined) return false
    return need === undefined || this.#hasWords(need)
  }

  /**
   * False if a word of the query is certainly in no message. That is found out without the tokenizers of the index, which take
   * several times as long to make as it takes to look words up.
   */
  #hasWords(need: WordNeed): boolean {
    if (!hasTokenizers(this.#db)) return true
    const lookups = { words: this.#lookup(TEXT_INDEXES.words), pairs: this.#lookup(TEXT_INDEXES.pairs) }
    return canMatch(need, (table, word) => lookups[table](word))
  }

  /** Tells whether a word is in a table of the index. */
  #lookup(table: string): (word: string) => boolean {
    const sql = `SELECT 1 FROM temp.words_of_${table} WHERE term = ?`
    return (word) => {
      const find = this.#prepared(sql, () => {
        this.#db.exec(`CREATE VIRTUAL TABLE temp.words_of_${table} USING fts5vocab ('main', '${table}', 'row')`)
        return this.#db.prepare<[string]>(sql)
      })
      return find.get(word) !== undefined
    }
  }

  /** @param kept makes what is held of a row: the driver's own rows take several times as much memory */
  #all<Row, Kept>(
    query: PartitionQuery,
    sqlFor: (filter: PartitionQuery, match: Match) => string,
    kept: (row: Row) => Kept,
  ): Kept[] {
    const terms = query.role === undefined ? query.terms : [...query.terms, { words: `role : ${quoted(query.role)}` }]
    try {
      const sql = sqlFor(query, { terms, split: query.isSplit ? this.#splitBy(query.terms) : undefined })
      const statement = this.#prepared(sql, () => this.#db.prepare<[Record<string, unknown>], Row>(sql))
      return Array.from(statement.iterate(findParameters(query, terms)), kept)
    } catch (error) {
      if (hasErrorCode(error, 'SQLITE_ERROR')) throw invalidQuery(error)
      throw error
    }
  }

  #splitBy(terms: readonly Term[]): Split {
    const nth = this.#prepared(NTH_TEXT, () => this.#db.prepare<[string, string, number]>(NTH_TEXT))
    const rare = terms.findIndex(({ words = NO_QUERY, pairs = NO_QUERY }) => !nth.get(words, pairs, FEW_TEXTS))
    return { term: Math.max(0, rare), isRare: rare >= 0 }
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

/** Without forms no message has several texts. */
const HAS_FORMS = 'SELECT 1 FROM z_msg_form LIMIT 1'

const FEW_TEXTS = 50
/** FTS5 finds nothing by it. */
const NO_QUERY = '""'
const NTH_TEXT = `
  SELECT 1 FROM request_text_index WHERE request_text_index MATCH ?
  UNION ALL SELECT 1 FROM request_text_pairs WHERE request_text_pairs MATCH ? LIMIT 1 OFFSET ?`

function toFoundMessage({ message, row, ts }: FoundMessage): FoundMessage {
  return { message, row, ts }
}

function countsOf(rows: readonly FoundMessage[]): HitCounts {
  return { messages: rows.length, requests: new Set(rows.map(({ row }) => row)).size }
}

/** FTS5 builds a tree of the words. */
const TOO_MANY_WORDS = /expression tree is too large|parser stack overflow/i

function invalidQuery(error: unknown) {
  if (TOO_MANY_WORDS.test(errorMessage(error))) {
    return logdbError(
      'QUERY_INVALID',
      'the query has too many words',
      'search for a few of its words, or a phrase',
      error,
    )
  }
  const message = `the query is not valid FTS5 syntax: ${errorMessage(error)}`
  return logdbError('QUERY_INVALID', message, 'leave --raw-query out to search for the words as they are', error)
}
