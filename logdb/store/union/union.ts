import type { TimeRange } from '../../days.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { BodyReader } from './body-reader.ts'

/** A partition and the times of its requests that are included; without times all are. */
export interface PartOfUnion {
  path: string
  times: TimeRange | undefined
}

/**
 * What a statement gives.
 * @example
 * const print = ({ columns, rows }: QueryResult) => console.table([columns, ...rows])
 */
export interface QueryResult {
  /** Names, which may repeat. */
  columns: string[]
  /**
   * Values in the order of the columns: texts, numbers, null, or a Buffer for a BLOB. Whole numbers beyond 2^53, and
   * infinite ones, are texts.
   */
  rows: Iterable<unknown[]>
}

/** The text is not exactly one statement, or the statement does more than read. */
export class NotOneReading extends Error {
  override readonly name = 'NotOneReading'
}

/** SQLite attaches ten databases to the first one. */
const MAX_CONNECTED = 11
const REQUEST_VIEWS = ['requests', 'request_details']
/** One row each, although several partitions may have one; for a log, how far it was read furthest. */
const SHARED_TABLES: Record<string, string> = {
  servers: 'SELECT server_id, hostname, env, min(first_seen_ts) AS first_seen_ts FROM all_of_them GROUP BY server_id',
  ingest_sources: `
    SELECT source_path, sha256, max(bytes_ingested) AS bytes_ingested, mtime, last_scan_ts
    FROM all_of_them GROUP BY source_path`,
}
const BODIES = ['request_json', 'response_json']
const COUNT_ALL = /count\s*\(\s*\*\s*\)/g

/**
 * Partitions as one database that can only be read: `requests`, `request_details`, `servers` and `ingest_sources` hold the
 * rows of all. A single whole partition is opened as it is. If there are more than SQLite can attach, the columns that the
 * statement names are first copied into a temporary table; a body is read only if the statement needs it.
 */
export class Union {
  readonly #db: Connection
  #bodies: BodyReader | undefined

  /**
   * @param base folder of the log database, for messages
   * @param sql the statement that will be run
   * @throws UserError
   */
  constructor(engine: SqliteEngine, base: string, parts: readonly [PartOfUnion, ...PartOfUnion[]], sql: string) {
    const [first] = parts
    this.#db = engine.openReadonly(first.path, base)
    try {
      if (parts.length > MAX_CONNECTED) this.#copy(engine, parts, sql)
      else if (parts.length > 1 || first.times) this.#connect(parts)
      this.#db.pragma('query_only = ON')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** @throws NotOneReading, SqliteError */
  run(sql: string): QueryResult {
    const { isQuery, columns, rows } = this.#prepare(sql)
    if (!isQuery) throw new NotOneReading('it does more than read')
    return { columns, rows: exactRows(rows()) }
  }

  #prepare(sql: string) {
    try {
      return this.#db.prepareTyped(sql)
    } catch (error) {
      throw error instanceof RangeError ? new NotOneReading(error.message) : error
    }
  }

  close(): void {
    this.#db.close()
    this.#bodies?.close()
  }

  #connect(parts: readonly PartOfUnion[]): void {
    const schemas = parts.map(({ path }, index) => (index === 0 ? 'main' : this.#attach(path, `part${index}`)))
    for (const view of REQUEST_VIEWS) {
      const selects = parts.map(({ times }, index) => `SELECT * FROM ${schemas[index]}.${view}${within(times)}`)
      this.#db.exec(`CREATE TEMP VIEW ${view} AS ${selects.join(' UNION ALL ')}`)
    }
    for (const table of Object.keys(SHARED_TABLES)) {
      this.#createSharedView(
        table,
        schemas.map((schema) => `${schema}.${table}`),
      )
    }
  }

  #copy(engine: SqliteEngine, parts: readonly PartOfUnion[], sql: string): void {
    const columns = namedIn(sql, this.#columnsOf('request_details')).filter((name) => !BODIES.includes(name))
    const selected = [...new Set(['request_id', 'ts', ...columns])]
    this.#createCopy('requests', 'request_details', `0 AS part, ${selected.join(', ')}`)
    for (const table of Object.keys(SHARED_TABLES)) this.#createCopy(table, table, '*')
    for (const [index, { path, times }] of parts.entries()) {
      const schema = index === 0 ? 'main' : this.#attach(path, 'part')
      const details = `${schema}.request_details${within(times)}`
      this.#db.exec(`INSERT INTO copied_requests SELECT ${index}, ${selected.join(', ')} FROM ${details}`)
      for (const table of Object.keys(SHARED_TABLES)) {
        this.#db.exec(`INSERT INTO copied_${table} SELECT * FROM ${schema}.${table}`)
      }
      if (index > 0) this.#db.exec('DETACH part')
    }
    this.#db.exec('CREATE INDEX temp.copied_by_ts ON copied_requests (ts)')
    this.#createViewsOfCopies(new Set(selected))
    const paths = parts.map(({ path }) => path)
    const bodies = new BodyReader(engine, paths)
    this.#bodies = bodies
    this.#db.defineFunction('body_of', (part: unknown, id: unknown, name: unknown) => {
      return bodies.read(Number(part), String(id), String(name))
    })
  }

  #createCopy(name: string, view: string, columns: string): void {
    this.#db.exec(`CREATE TEMP TABLE copied_${name} AS SELECT ${columns} FROM main.${view} WHERE 0`)
  }

  /** The value of a column that the statement does not name does not matter. */
  #createViewsOfCopies(copied: ReadonlySet<string>): void {
    for (const view of REQUEST_VIEWS) {
      const columns = this.#columnsOf(view).map((name) => {
        if (BODIES.includes(name)) return `body_of(part, request_id, '${name}') AS ${name}`
        return copied.has(name) ? name : `NULL AS ${name}`
      })
      this.#db.exec(`CREATE TEMP VIEW ${view} AS SELECT ${columns.join(', ')} FROM copied_requests`)
    }
    for (const table of Object.keys(SHARED_TABLES)) this.#createSharedView(table, [`copied_${table}`])
  }

  #createSharedView(table: string, sources: string[]): void {
    const all = sources.map((source) => `SELECT * FROM ${source}`).join(' UNION ALL ')
    const select = `WITH all_of_them AS (${all}) ${SHARED_TABLES[table]}`
    this.#db.exec(`CREATE TEMP VIEW ${table} AS ${select}`)
  }

  #attach(path: string, schema: string): string {
    this.#db.prepare<[string]>(`ATTACH ? AS ${schema}`).run(path)
    return schema
  }

  #columnsOf(view: string): string[] {
    return this.#db.prepareTyped(`SELECT * FROM main.${view}`).columns
  }
}

function* exactRows(rows: Iterable<unknown[]>): Generator<unknown[]> {
  for (const row of rows) yield row.map(exact)
}

function exact(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function within(times: PartOfUnion['times']): string {
  return times ? ` WHERE ts BETWEEN ${times.sinceS} AND ${times.toS}` : ''
}

/** The columns that a statement names; all of them if it may use columns without naming them. */
function namedIn(sql: string, columns: string[]): string[] {
  const text = sql.toLowerCase().replace(COUNT_ALL, '')
  return /\*|\bnatural\b/.test(text) ? columns : columns.filter((name) => text.includes(name))
}
